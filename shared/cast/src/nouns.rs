//! The nouns of each kind, in lower case, as detectors and captioners write them.

use crate::Kind;

/// Persons, one by one.
const PERSON: &str = "\
    person, man, woman, boy, girl, child, kid, baby, infant, toddler, teenager, teen, adult, human, guy, lady, \
    gentleman, fellow, youth, youngster, pedestrian, prince, princess, king, queen, knight, soldier, sailor, \
    fisherman, policeman, wizard, witch, pirate, farmer, hunter, cook, chef, grandmother, grandfather, grandma, \
    grandpa, mother, father, brother, sister, schoolboy, schoolgirl, cowboy, mermaid";

/// Several of them.
const PERSONS: &str = "\
    people, persons, men, women, boys, girls, children, kids, babies, toddlers, teenagers, adults, humans, guys, \
    ladies, gentlemen, pedestrians, soldiers, sailors, fishermen, policemen, pirates, farmers";

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
    lizard, gecko, chameleon, iguana, salamander, axolotl, newt, unicorn, griffin, werewolf, yeti";

/// Several of them, where that is not the singular with an `s`.
const ANIMALS: &str = "\
    puppies, ponies, bunnies, calves, wolves, foxes, ostriches, geese, mice, oxen, kitties, finches";

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
        Kind::Person => among(PERSON) || among(PERSONS),
        Kind::Animal => among(ANIMAL) || among(ANIMALS) || plural(ANIMAL),
        Kind::Thing => among(THING) || plural(THING),
    }
}

/// Whether a noun, in lower case, is one person or animal: `man`, not `men`.
pub fn is_one(noun: &str, kind: Kind) -> bool {
    match kind {
        Kind::Person => of(noun, PERSON),
        Kind::Animal => of(noun, ANIMAL),
        Kind::Thing => of(noun, THING),
    }
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
