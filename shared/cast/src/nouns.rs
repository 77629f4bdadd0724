//! The nouns of each kind, in lower case, as detectors and captioners write them.

use crate::Kind;

/// Persons, one by one, beside those that end as [`PERSON_ENDS`] say.
const PERSON: &str = "\
    person, man, woman, boy, girl, child, kid, baby, infant, toddler, newborn, teenager, teen, adult, human, male, \
    female, guy, dude, bloke, chap, lad, lass, gal, lady, fellow, youth, youngster, elder, pedestrian, prince, princess, \
    king, queen, duke, duchess, emperor, empress, knight, samurai, ninja, viking, gladiator, barbarian, warrior, hero, \
    heroine, superhero, villain, archer, assassin, bandit, soldier, sailor, captain, wizard, witch, sorcerer, sorceress, \
    magician, shaman, druid, pirate, farmer, peasant, villager, hunter, cook, chef, baker, butcher, blacksmith, \
    carpenter, lumberjack, miner, merchant, shopkeeper, innkeeper, zookeeper, gardener, worker, waiter, waitress, butler, \
    maid, servant, doctor, nurse, scientist, professor, teacher, student, astronaut, pilot, explorer, adventurer, hiker, \
    tourist, detective, cop, thief, burglar, robber, prisoner, beggar, clown, ballerina, singer, dancer, musician, \
    actor, actress, athlete, artist, photographer, monk, nun, priest, dad, daddy, papa, mom, mommy, mum, mama, grandma, \
    grandpa, granny, son, grandson, uncle, aunt, nephew, niece, wife, husband, bride, groom, boyfriend, mermaid";

/// Several of them, where that is not the singular with an `s`.
const PERSONS: &str = "\
    people, men, women, children, babies, ladies, daddies, mommies, grannies, thieves, wives, duchesses, princesses, \
    witches, heroes, superheroes, actresses, waitresses, sorceresses, empresses, lasses";

/// What words for persons end with, behind something that says which: `fisherman`, `townspeople`. One, and several.
const PERSON_ENDS: [(&str, &str); 12] = [
    ("man", "men"),
    ("woman", "women"),
    ("boy", "boys"),
    ("girl", "girls"),
    ("person", "people"),
    ("person", "persons"),
    ("child", "children"),
    ("lady", "ladies"),
    ("mother", "mothers"),
    ("father", "fathers"),
    ("daughter", "daughters"),
    ("friend", "friends"),
];

/// Words that end so and are no persons, and whose plurals are none. With fewer than [`FEWEST_BEFORE`] letters before the ending, as `roman` and `omen` have, no word is a person.
const NO_PERSON: &str = "\
    inhuman, nonhuman, posthuman, subhuman, superhuman, german, norman, ottoman, talisman, caiman, cayman, desman, \
    doberman, pullman, snowman, strawman, walkman, abdomen, acumen, albumen, bitumen, cerumen, cyclamen, dolmen, \
    foramen, regimen, specimen, stamen, carboy, gameboy, highboy, lowboy, tallboy, brainchild";

/// Letters that stand before the ending of a word for a person: `cow`, `law`.
const FEWEST_BEFORE: usize = 3;

/// Animals, also those that there are not.
const ANIMAL: &str = "\
    animal, creature, monster, beast, dragon, dinosaur, dino, reptile, mammal, pet, dog, puppy, doggy, hound, cat, \
    kitten, kitty, horse, pony, foal, cow, bull, calf, ox, buffalo, bison, sheep, lamb, goat, pig, piglet, boar, \
    donkey, mule, camel, llama, alpaca, bear, wolf, fox, coyote, lion, lioness, tiger, leopard, panther, cheetah, \
    elephant, mammoth, giraffe, zebra, hippo, hippopotamus, rhino, rhinoceros, rabbit, bunny, hare, squirrel, \
    chipmunk, hamster, rat, hedgehog, badger, raccoon, beaver, otter, weasel, ferret, mole, deer, moose, elk, \
    reindeer, antelope, kangaroo, koala, panda, sloth, monkey, ape, gorilla, chimpanzee, bird, chicken, hen, \
    rooster, duck, duckling, goose, swan, owl, eagle, parrot, penguin, pigeon, seagull, fish, goldfish, shark, \
    whale, dolphin, seal, walrus, octopus, frog, toad, turtle, tortoise, snake, serpent, crocodile, alligator, \
    lizard, gecko, chameleon, iguana, salamander, axolotl, newt, unicorn, griffin, werewolf, yeti, \
    bat, insect, spider, scorpion, beetle, ladybug, bee, bumblebee, wasp, hornet, ant, cricket, grasshopper, moth, \
    butterfly, dragonfly, caterpillar, snail, slug, worm, crab, lobster, shrimp, squid, jellyfish, starfish, poodle, \
    terrier, bulldog, labrador, husky, corgi, collie, dalmatian, greyhound, chihuahua, pug, beagle, dachshund, \
    great dane, goblin, troll, ogre, orc, gremlin, demon, phoenix, alien";

/// Several of them, where that is not the singular with an `s`.
const ANIMALS: &str = "\
    puppies, ponies, bunnies, calves, wolves, foxes, ostriches, geese, mice, oxen, kitties, finches, \
    butterflies, dragonflies, huskies, collies, phoenixes";

/// The classes of COCO that are no persons and no animals, and what else detectors take for a character.
const THING: &str = "\
    bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign, parking \
    meter, bench, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball \
    bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, \
    banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, \
    dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, \
    refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush, ball, crate, box, barrel, basket, \
    bag, lamp, lantern, plant, pot, flower, tree, bush, rock, table, door, window, sign, statue, toy, doll, snowman, \
    puppet, scarecrow";

/// Whether a noun, in lower case, is of a kind, in the singular or the plural.
///
/// ```
/// use cast::{Kind, nouns};
/// assert!(nouns::is("women", Kind::Person) && nouns::is("dragons", Kind::Animal));
/// assert!(!nouns::is("hot dog", Kind::Animal));
/// ```
pub fn is(noun: &str, kind: Kind) -> bool {
    let among = |list: &str| list.split(", ").any(|own| own == noun);
    let plural = |list| noun.strip_suffix('s').is_some_and(|noun| of(noun, list));
    match kind {
        Kind::Person => among(PERSON) || among(PERSONS) || plural(PERSON) || ends(noun, true),
        Kind::Animal => among(ANIMAL) || among(ANIMALS) || plural(ANIMAL),
        Kind::Thing => among(THING) || plural(THING),
    }
}

/// Whether a noun, in lower case, is one person or animal: `man`, not `men`.
pub fn is_one(noun: &str, kind: Kind) -> bool {
    match kind {
        Kind::Person => of(noun, PERSON) || ends(noun, false),
        Kind::Animal => of(noun, ANIMAL),
        Kind::Thing => of(noun, THING),
    }
}

/// Whether a noun ends as those of persons do, in the singular or, where that counts, in the plural.
fn ends(noun: &str, plural: bool) -> bool {
    let person = |(one, several): &(&str, &str)| {
        let own = noun.strip_suffix(one);
        let own = own.or_else(|| noun.strip_suffix(several).filter(|_| plural));
        own.is_some_and(|own| {
            let letters = own.chars().filter(|letter| letter.is_alphabetic()).count();
            letters >= FEWEST_BEFORE
                && !of(noun, NO_PERSON)
                && !of(&format!("{own}{one}"), NO_PERSON)
        })
    };
    !noun.contains(' ') && PERSON_ENDS.iter().any(person)
}

fn of(noun: &str, list: &str) -> bool {
    list.split(", ").any(|own| own == noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_noun_is_of_two_kinds_or_stands_twice() {
        let lists = [PERSON, PERSONS, ANIMAL, ANIMALS, THING];
        let mut all: Vec<&str> = lists.iter().flat_map(|list| list.split(", ")).collect();
        all.sort_unstable();
        for pair in all.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        for noun in all {
            assert_eq!(noun, noun.to_lowercase().trim());
            let kinds = [Kind::Person, Kind::Animal, Kind::Thing];
            let of = kinds.into_iter().filter(|kind| is(noun, *kind)).count();
            assert_eq!(of, 1, "{noun}");
        }
    }

    #[test]
    fn words_that_end_with_a_person_are_persons_unless_they_are_none() {
        let one = "businessman, caveman, fisherman, policewoman, cowboy, schoolgirl, salesperson, grandchild, landlady, \
                   stepmother, godfather, granddaughter, girlfriend, dad, dude, female, warrior, hero";
        for noun in one.split(", ") {
            assert!(
                is_one(noun, Kind::Person) && is(noun, Kind::Person),
                "{noun}"
            );
        }
        let several =
            "businessmen, policewomen, cowboys, salespeople, grandchildren, dads, heroes, warriors";
        for noun in several.split(", ") {
            assert!(
                !is_one(noun, Kind::Person) && is(noun, Kind::Person),
                "{noun}"
            );
        }
        let none = "roman, german, norman, ottoman, talisman, caiman, doberman, snowman, snowmen, superhuman, omen, amen, \
                    ramen, specimen, abdomen, stamen, tallboy, carboy, malady, brainchild, character, mango, boyish, \
                    walking, statue";
        for noun in none.split(", ") {
            assert!(!is(noun, Kind::Person), "{noun}");
        }
    }

    #[test]
    fn one_and_several_are_told_apart() {
        assert!(is_one("man", Kind::Person) && !is_one("men", Kind::Person));
        assert!(is("men", Kind::Person) && is("beasts", Kind::Animal));
        assert!(is_one("fish", Kind::Animal));
        assert!(!is("character", Kind::Person), "any kind has characters");
    }
}
