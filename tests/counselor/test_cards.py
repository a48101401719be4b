"""The built-in guidance cards are data: they are read by people who hurt, so their words are tested."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

CARDS = Path(__file__).resolve().parents[2] / "counselor" / "cards"
ARTICLE = [f"G{n:02d}" for n in range(1, 24)]
PROFESSIONAL = [f"X{n}" for n in range(1, 8)]
IDS = ARTICLE + PROFESSIONAL
DESK_ONLY = {"X6", "X7"}
CLIENT_IDS = [i for i in IDS if i not in DESK_ONLY]

TEXT_KEYS = ["title", "principle", "applies", "not_when", "caution", "section_name", "author", "evidence"]
KEYS = {"id", "version", "family", "badge", "desk_only", "section", "source_title", *TEXT_KEYS}
KEYS |= {"client_title", "client_text"}
SECTIONS = {"IN", "LE", "RE", "D", "S1a", "S1b", "S2", "AN", "OWN"}
FAMILIES = {
    "wait": {f"G{n:02d}" for n in (*range(1, 14), 19, 20, 23)} | {"X5"},
    "talk": {"G14", "G15", "G16", "G17", "G18", "X7"},
    "care": {"G21", "G22", "X3", "X4", "X6"},
    "safety": {"X1", "X2"},
}
# Cards offered when things grow warmer: the client's version carries good news and no warning.
GOOD_NEWS = ["G01", "G03", "G04", "G07", "G09", "G10"]

BANNED = [
    "likelihood", "chance", "chances", "odds", "success rate", "winning back", "win back", "strategy",
    "strategies", "tactic", "tactics", "will come back", "probability", "guaranteed",
]  # fmt: skip
GENDERED = [
    "he", "she", "him", "her", "his", "hers", "himself", "herself", "husband", "wife", "husbands", "wives",
    "man", "woman", "men", "women", "boyfriend", "girlfriend", "mother", "father", "ex",
]  # fmt: skip
WARNING = [
    "careful", "beware", "warning", "risk", "danger", "caution", "avoid", "don't", "do not", "never", "must",
    "worst", "mistake", "too soon", "too early", "too fast", "undo", "harm", "lose", "pressure", "push",
    "back away", "however", "unfortunately",
]  # fmt: skip
ORDERS = ["must", "should", "have to", "ought", "overdue", "don't forget", "well done", "your fault"]
FORECAST = ["will return", "will be home", "sure to", "bound to", "comes home", "in the end you"]
BRITISH = [
    "counsellor", "counsellors", "counselling", "behaviour", "favour", "honour", "colour", "centre",
    "afterwards", "towards", "practise", "realise", "recognise", "organise", "whilst", "apologise",
]  # fmt: skip


def load(card_id):
    return tomllib.loads((CARDS / f"{card_id}.toml").read_text(encoding="utf-8"))


def strings(card):
    """Every word of ours; the article's own title is a citation and stays out."""
    return "\n".join(v for k, v in card.items() if isinstance(v, str) and k != "source_title")


def found(terms, text):
    """The terms that stand in the text as whole words, in any case, also across a line break."""
    flat = " ".join(text.replace("\u2019", "'").split())
    return [t for t in terms if re.search(rf"(?<!\w){re.escape(t)}(?!\w)", flat, re.IGNORECASE)]


def words(text):
    return re.findall(r"[a-z']+", text.lower())


def test_all_thirty_are_there_and_nothing_else():
    assert sorted(p.name for p in CARDS.iterdir()) == sorted(f"{i}.toml" for i in IDS)
    assert len(IDS) == 30


@pytest.mark.parametrize("card_id", IDS)
def test_keys(card_id):
    card = load(card_id)
    assert set(card) == KEYS
    assert card["id"] == card_id
    assert card["version"] == 1
    for key in TEXT_KEYS:
        assert card[key].strip() == card[key] != "", key
    assert card["badge"] == ("article" if card_id in ARTICLE else "professional")
    assert card_id in FAMILIES[card["family"]]
    assert len(card["title"]) <= 60
    assert len(card["client_title"]) <= 50
    assert len(re.findall(r"[.!?](?:\s|$)", card["principle"])) <= 3


@pytest.mark.parametrize("card_id", ARTICLE)
def test_article_cards_name_their_source(card_id):
    card = load(card_id)
    assert card["author"] == "Leslie Cane"
    assert card["source_title"].startswith("My Separated Husband")
    assert card["section"] in SECTIONS
    assert card["evidence"] == "practice position: one author's experience"


@pytest.mark.parametrize("card_id", PROFESSIONAL)
def test_professional_cards_cite_dated_papers_and_not_the_article(card_id):
    card = load(card_id)
    assert card["source_title"] == card["section"] == ""
    assert card["author"] != "Leslie Cane"
    assert all(re.search(r" \d{4}$", paper) for paper in card["evidence"].split("; "))


@pytest.mark.parametrize("card_id", ["G20", "G21"])
def test_what_we_inferred_says_so(card_id):
    assert "Our inference" in load(card_id)["caution"]


def test_families_cover_every_card_once():
    assert sorted(i for ids in FAMILIES.values() for i in ids) == sorted(IDS)


@pytest.mark.parametrize("card_id", sorted(FAMILIES["wait"]))
def test_advice_to_wait_is_not_for_an_open_safety_flag(card_id):
    assert "open safety flag" in load(card_id)["not_when"]


@pytest.mark.parametrize("card_id", IDS)
def test_banned_words(card_id):
    card = load(card_id)
    assert found(BANNED, strings(card)) == []
    assert found(GENDERED, strings(card)) == []
    assert found(BRITISH, strings(card)) == []
    assert "%" not in strings(card)


@pytest.mark.parametrize("card_id", IDS)
def test_partner_is_the_only_placeholder_and_only_in_the_client_text(card_id):
    card = load(card_id)
    assert set(re.findall(r"\{[^}]*\}", card["client_text"])) <= {"{partner}"}
    assert not re.search(r"[{}]", card["client_text"].replace("{partner}", ""))
    rest = "".join(v for k, v in card.items() if isinstance(v, str) and k != "client_text")
    assert not re.search(r"[{}<>]", rest)


@pytest.mark.parametrize("card_id", sorted(DESK_ONLY))
def test_desk_only_cards_have_nothing_to_send(card_id):
    card = load(card_id)
    assert card["desk_only"] is True
    assert card["client_title"] == card["client_text"] == ""


@pytest.mark.parametrize("card_id", CLIENT_IDS)
def test_client_version(card_id):
    card = load(card_id)
    text = card["client_text"]
    assert card["desk_only"] is False
    assert card["client_title"].strip()
    assert 40 <= len([w for w in text.split() if w != "-"]) <= 110
    assert found(["you"], text)
    assert found(ORDERS + FORECAST, text) == []
    assert not re.search(r"[!<>#`\[\]|]", text), "plain text, a short list, bold at most"
    assert text.count("\n- ") in (0, 3)
    assert max(len(p) for p in text.split("\n\n")) <= 480, "short paragraphs"


@pytest.mark.parametrize("card_id", GOOD_NEWS)
def test_good_news_cards_carry_no_warning(card_id):
    card = load(card_id)
    assert found(WARNING, card["client_title"] + "\n" + card["client_text"]) == []


def test_the_review_date_is_ninety_days():
    card = load("X5")
    assert "90 days" in card["principle"]
    assert "90 days" in card["client_text"]


def test_each_card_is_its_own():
    cards = [load(i) for i in IDS]
    for key in ("title", "principle", "client_title", "client_text"):
        values = [c[key] for c in cards if c[key]]
        assert len(set(values)) == len(values), key
    runs = {}
    for card in cards:
        tokens = words(card["client_text"])
        runs[card["id"]] = {tuple(tokens[n : n + 7]) for n in range(len(tokens) - 6)}
    shared = {(a, b): runs[a] & runs[b] for a, b in combinations(IDS, 2) if runs[a] & runs[b]}
    assert shared == {}


def test_the_word_check_itself():
    assert found(BANNED, "a small\nchance") == ["chance"]
    assert found(BANNED, "by strategy") == ["strategy"]
    assert found(GENDERED, "other, here, these, the") == []
    assert found(WARNING, "please don\u2019t") == ["don't"]
