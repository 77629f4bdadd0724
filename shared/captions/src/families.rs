//! Words of one subject, which a caption of some kind must leave unsaid.

/// A subject and the words and phrases that name it.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// What policies and findings call it.
    pub name: &'static str,
    /// The words and phrases, in lower case, with `, ` between them.
    list: &'static str,
}

impl Family {
    /// The words and phrases, in lower case.
    pub fn phrases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.list.split(", ")
    }
}

/// The families that there are.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "identity",
        list: IDENTITY,
    },
    Family {
        name: "rendering",
        list: RENDERING,
    },
    Family {
        name: "quality",
        list: QUALITY,
    },
    Family {
        name: "people",
        list: PEOPLE,
    },
    Family {
        name: "position",
        list: POSITION,
    },
    Family {
        name: "light",
        list: LIGHT,
    },
    Family {
        name: "condition",
        list: CONDITION,
    },
    Family {
        name: "stock",
        list: STOCK,
    },
];

/// The family of this name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// What a character looks like whatever he does and wears: it binds to the
/// trigger only as long as no caption says it.
const IDENTITY: &str = "\
    hair, haired, hairstyle, haircut, ponytail, ponytails, braid, braids, bangs, curls, \
    freckles, freckled, beard, bearded, moustache, mustache, stubble, wrinkles, wrinkled, skin, \
    skinned, complexion, eyed, blue eyes, brown eyes, green eyes, hazel eyes, grey eyes, gray \
    eyes, amber eyes, dark eyes, big eyes, large eyes, round eyes, small eyes, big nose, small \
    nose, round nose, long nose, round face, oval face, square jaw, jawline, pointed ears, big \
    ears, large ears, rosy cheeks, buck teeth, slim, slender, skinny, chubby, muscular, stocky, \
    petite, lanky, plump, burly, young, teenage, teenager, elderly, old man, old woman, middle \
    aged, years old";

/// How the film is made, not what it shows.
const RENDERING: &str = "\
    3d, cg, cgi, pixar, disney, dreamworks, illumination studio, blender, render, rendered, \
    rendering, unreal engine, octane, ray tracing, ray traced, subsurface scattering, global \
    illumination, ambient occlusion, animated, animation, cartoon, cartoonish, cartoony, cel \
    shaded, stylized, stylised, cinematic, photorealistic, realistic, hyperrealistic, depth of \
    field, bokeh, film still, movie still, screencap, screenshot, concept art, digital art, \
    illustration, artwork, art style, soft light, soft lighting, studio lighting, volumetric \
    lighting, volumetric light";

/// Praise, which says nothing of the image.
const QUALITY: &str = "\
    masterpiece, best quality, high quality, highest quality, highly detailed, ultra detailed, \
    intricate details, intricately detailed, 4k, 8k, hd, uhd, hdr, high resolution, sharp focus, \
    award winning, stunning, beautiful, beautifully, breathtaking, gorgeous, trending on \
    artstation, vibrant colors, vibrant colours";

/// People, and the word that there are none.
const PEOPLE: &str = "\
    person, persons, people, man, men, woman, women, boy, boys, girl, girls, child, children, \
    kid, kids, character, characters, human, humans, crowd, someone, somebody, nobody, no one, \
    unpeopled, deserted, empty, he, she, him, his, her, hers, 1girl, 2girls, 3girls, 1boy, 2boys, \
    3boys, solo";

/// What the body does, which a pose set binds to its trigger.
const POSITION: &str = "\
    standing, stands, walking, walks, running, runs, sitting, sits, seated, jumping, jumps, \
    leaping, lying, lies, kneeling, kneels, crouching, crouches, leaning, leans, arm, arms, leg, \
    legs, pose, posing, posture, stance";

/// Light other than the plain words of [`CONDITION`].
const LIGHT: &str = "\
    light, lights, lighting, lit, sunlight, sunlit, sunshine, moonlight, moonlit, candlelight, \
    lamplight, glow, glows, glowing, shadow, shadows, shadowy, shade, shaded, backlit, \
    backlight, silhouette, silhouetted, golden hour, blue hour, sunset, sunrise, dusk, dawn, \
    twilight, bright, dim, dimly, dark, illuminated, illuminates, sunbeam, sunbeams, god \
    rays, lens flare";

/// The plain words for the time of day and the weather.
const CONDITION: &str = "\
    morning, noon, midday, afternoon, evening, night, nighttime, daytime, daylight, sunny, \
    cloudy, overcast, rain, rainy, raining, foggy, misty, stormy, snowy";

/// What a language model writes when it has nothing to say.
const STOCK: &str = "\
    the image, this image, an image of, the picture, this picture, a picture of, a photo of, a \
    photograph of, the photo, the scene is, this scene, a scene of, the frame shows, a still \
    from, a screenshot, appears to be, appear to be, seems to be, can be seen, is visible, are \
    visible, is depicted, depicts, depicting, showcases, showcasing, captured in, captures, \
    evokes, evoking, conveys, conveying, sense of, overall, atmosphere, the mood, reminiscent \
    of, a testament to";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_as_words_give_them() {
        for family in FAMILIES {
            for phrase in family.phrases() {
                assert_eq!(
                    crate::text::words(phrase).join(" "),
                    phrase,
                    "{}",
                    family.name
                );
            }
        }
    }

    #[test]
    fn families_are_found_by_name() {
        assert_eq!(family("people").unwrap().name, "people");
        assert!(family("nobody").is_none());
    }
}
