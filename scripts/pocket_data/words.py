"""Word lists, and the split between words for training and words kept for evaluation.

Real names are split by hand: the lists called ``UNSEEN_…`` never occur in training.
Made-up words are split by a checksum (`is_unseen`), so that both sides are endless
and provably disjoint.  This module knows nothing about fields or sentences.
"""

from __future__ import annotations

import zlib
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
Anna Ben Carla David Elena Frank Grace Hugo Iris Jack Karen Liam Maria Noah Olivia Peter Rosa Sam Tina Victor
Wendy Yusuf Zoe Aisha Bruno Chen Diego Emma Farid Greta Hana Ivan Julia Kofi Lena Marco Nina Omar Paula Raj Sofia
Tom Uma Vera Will Xenia Yara Zane Alice Bob Clara Dan Eva Finn Gina Henry Isla James Kate Leo Mia Nora Otto Priya
Quinn Ruth Sara Theo Ursula Jane John Mary Robert Linda Michael Susan Paul Laura Mark Amy Eric Helen Adam Lucy
José Zoë Søren Björn Renée André Mónica Łukasz
""")
UNSEEN_FIRST_NAMES = _words("""
Ada Grigori Imogen Thaddeus Beatrix Cornelius Delphine Edmund Florence Gideon Harriet Ignatius Josephine Katherine
Lysander Mabel Nathaniel Ophelia Percival Rosalind Sebastian Tabitha Ulysses Vivienne Winifred Ximena Yolanda
Zachary Ambrose Bernadette Caspian Dorothea Ezekiel Fiona Gwendolyn Horatio Isidora Jasper Kieran Leopold Margot
Nikolai Octavia Phineas Ramona Solomon Theodora Valentina Wilhelm Yevgenia Alan Barbara Claude Dijkstra Emmy Kurt
""")
SURNAMES = _words("""
Smith Jones Brown Garcia Miller Davis Lopez Wilson Moore Taylor Lee White Harris Clark Young King Wright Hill Green
Baker Adams Nelson Carter Parker Evans Turner Collins Morris Rogers Reed Cook Bell Ward Cox Gray Ross Kim Chen Singh
Khan Patel Tanaka Sato Novak Ivanov Silva Rossi Weber Meyer Schmidt Larsen Hansen Berg Olsen Dubois Laurent Okafor
Mensah Diaz Cruz Ortiz Müller Núñez Gómez Strand Fischer Wood Stone Field Brook
""")
UNSEEN_SURNAMES = _words("""
Lovelace Turing Hopper Ramanujan Noether Babbage Kovalevskaya Hypatia Fermat Gauss Euler Shannon Knuth Liskov
Hamilton Franklin Meitner Curie Bohr Feynman Galois Abernathy Blackwood Chatterjee Delacroix Eisenhower Fitzgerald
Gutierrez Hawthorne Ishikawa Jankowski Kaufmann Lindqvist MacGregor Nakamura Oyelaran Papadopoulos Quesada Rutherford
Sørensen Thornbury Underhill Vasquez Wolstenholme Yamaguchi Zimmermann Perlman Gödel Tarski Kleene
""")
CITIES = _words("""
Paris Berlin Madrid Rome Oslo Vienna Tokyo Boston Chicago Denver Lima Cairo Delhi Dublin Prague Warsaw Athens
Lisbon Seattle Austin Dallas Miami Toronto Montreal Sydney Perth Auckland Seoul Osaka Beijing Shanghai Mumbai Nairobi
Lagos Accra Tunis Zurich Geneva Munich Hamburg Lyon Nice Milan Turin Naples Porto Seville Bergen Malmö Riga Kyiv
Houston Phoenix Portland Atlanta Detroit Leeds York Bath Oxford Ghent
""")
UNSEEN_CITIES = _words("""
London Cambridge Reykjavik Ljubljana Valparaíso Marrakesh Edinburgh Kathmandu Albuquerque Minneapolis Gothenburg
Kraków Salzburg Antwerp Rotterdam Thessaloniki Adelaide Wellington Vancouver Winnipeg Guadalajara Montevideo Brasilia
Nagasaki Yokohama Busan Hanoi Jakarta Colombo Tashkent Tbilisi Yerevan Sarajevo Dubrovnik Palermo Bilbao Toulouse
Bristol Glasgow Swansea Galway Tallinn Vilnius Gdansk Brno
""")
COUNTRIES = _words("""
France Germany Spain Italy Norway Austria Japan Canada Peru Egypt India Ireland Poland Greece Portugal Brazil Chile
Mexico Kenya Ghana Sweden Denmark Finland Iceland Belgium Turkey Vietnam Australia
""")
JOBS = (
    "nurse",
    "teacher",
    "engineer",
    "doctor",
    "lawyer",
    "baker",
    "pilot",
    "chef",
    "painter",
    "farmer",
    "singer",
    "writer",
    "dentist",
    "plumber",
    "driver",
    "designer",
    "developer",
    "manager",
    "student",
    "librarian",
    "journalist",
    "electrician",
    "carpenter",
    "scientist",
    "accountant",
    "architect",
    "photographer",
    "gardener",
    "mechanic",
    "data analyst",
    "software engineer",
    "police officer",
    "sales manager",
    "graphic designer",
    "tour guide",
    "mathematician",
    "physicist",
    "translator",
    "waiter",
    "actor",
)
ANIMALS = _words(
    "cat dog rabbit parrot hamster horse turtle goldfish pony lizard goat duck hen sheep cow pig fox owl"
)
COLORS = _words("red blue green black white yellow orange purple brown grey pink silver gold beige navy teal")
MATERIALS = _words("wood steel cotton leather glass plastic wool paper stone silk copper ceramic")
FOODS = _words("""
pasta soup salad bread rice curry pizza stew cake pie omelette risotto tacos noodles pancakes sandwich burger sushi
""")
INGREDIENTS = _words("""
flour sugar butter eggs milk salt pepper onion garlic tomato basil cheese cream rice lemon honey ginger potato carrot
mushroom olive chicken beef tofu spinach yeast cinnamon vanilla
""")
GENRES = _words(
    "drama comedy thriller fantasy romance horror mystery western documentary poetry history crime"
)
LANGUAGES = _words(
    "English French German Spanish Italian Japanese Polish Greek Hindi Arabic Turkish Swedish Dutch Czech"
)
SUBJECTS = _words(
    "math physics chemistry biology history geography music art economics philosophy law medicine"
)
SKILLS = _words("""
Python Java SQL Rust Excel Linux Docker cooking drawing writing editing welding coding design marketing singing
teaching planning testing statistics
""")
HOBBIES = _words("""
chess tennis reading hiking swimming painting cycling fishing dancing running gardening photography sailing skiing
knitting climbing surfing cooking
""")
ITEMS = _words("""
lamp chair table desk mug plate bowl knife fork spoon kettle toaster blender phone laptop tablet keyboard mouse monitor
printer camera speaker radio clock watch ring shirt jacket coat hat scarf glove sock boot shoe belt bag backpack wallet
umbrella bike helmet tent rope torch hammer drill saw brush bucket ladder mirror pillow blanket towel curtain carpet
vase candle notebook pencil pen marker stapler folder book puzzle ball racket guitar piano drum violin flute bottle jar
basket box cable charger battery router headphones sofa shelf stool bench fan heater
""")
ADJECTIVES = _words("""
small large light heavy soft hard bright dark warm cold fast slow quiet loud simple modern classic vintage cheap
portable wireless electric digital solid round square folding compact sturdy smooth fresh clean sharp flat tall short
wide narrow deep rare common fine rough thin thick silent hidden golden lost broken early late last first secret wild
gentle brave clever happy lonely strange ancient new old young little big
""")
NOUNS = _words("""
river mountain forest garden island ocean desert valley bridge tower castle village market harbor road station window
door key letter map mirror shadow light night morning winter summer autumn spring storm rain snow wind fire star moon
sun sky cloud field stone tree flower bird wolf lion bear horse whale heart voice song dream memory story secret
promise journey return house room kitchen school office factory museum library hospital church theatre machine engine
signal code number network system project report budget plan team meeting review launch update release invoice order
payment contract account customer password login page button screen server file folder backup printer error
""")
VERBS = _words("""
open close start stop move turn build break find lose send receive write read buy sell pay check fix test update
delete create copy save load print call visit meet help join leave finish begin plan order deliver return review
""")
DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = _words("January February March April May June July August September October November December")
STREETS = _words(
    "Main Oak Park Elm Lake Hill Cedar Maple Pine River Church Mill High Station Bridge Garden Market"
)
STREET_KINDS = _words("Street Road Avenue Lane Drive Way Square")
BRANDS = _words("Ford Toyota Honda Fiat Volvo Tesla Audi Mazda Kia Renault Skoda Seat Opel Nissan")
DOMAINS = _words("example.com mail.com example.org post.net work.io inbox.org site.net corp.com")

_ONSETS = _words("""
b c d f g h j k l m n p r s t v w z b d k l m n r s t br ch cl cr dr fl fr gl gr kl kr pl pr qu sc sh sk sl sm sn sp st
str sw th tr tw wh zh
""")
_VOWELS = _words("a e i o u a e i o u a e i o ai au ea ee ei eo ia ie io oa oo ou ue y á é í ó ö ü")
_CODAS = (*([""] * 16), *_words("n r s l m t d k n r s l x th ck ng nd rd rt st ll rn sk nt mp lf ph"))


def is_unseen(word: str) -> bool:
    """Whether a made-up word belongs to evaluation; one in eight does."""
    return zlib.crc32(word.lower().encode()) % 8 == 0


_pieces: list[str] = []


def also_build_from(pieces: list[str]) -> None:
    """Build some made-up words of training from these pieces, so that every token gets copied.

    Without it the pieces that syllables never yield (“inn”, “opper”) stay untrained, and so
    do the real names that contain them.  The unseen side never uses them.
    """
    _pieces[:] = sorted({p.lower() for p in pieces if p.isalpha() and len(p) > 1})


def made_up(rng: Random, unseen: bool = False, syllables: int = 0) -> str:
    """A pronounceable lower-case word that nobody has written before, from the asked side of the split."""
    while True:
        if _pieces and not unseen and rng.random() < 0.4:
            word = "".join(rng.choice(_pieces) for _ in range(rng.choice((1, 2, 2, 3))))
            if len(word) >= 3 and not is_unseen(word):
                return word
        count = syllables or rng.choice((1, 2, 2, 2, 2, 3, 3))
        parts = [rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(count)]
        if rng.random() < 0.25:
            parts[0] = parts[0].lstrip("bcdfghjklmnpqrstvwxyz") or parts[0]
        word = "".join(parts)
        if rng.random() > 0.2:
            word = word.translate(_PLAIN)
        if len(word) >= 3 and is_unseen(word) == unseen:
            return word


_PLAIN = str.maketrans("áéíóöü", "aeioou")
