"""The audit in words: the verdict, single values, and what the card says around the tables."""

from data_gen.audit.report import Audit, Finding
from data_gen.audit.table import terminal_tables, value_text, verdict
from data_gen.card import card
from data_gen.manifest import Manifest


def finding(**values: object) -> Finding:
    given = {"section": "letters", "check": "balance", "value": 0, "unit": "p", "n": 99, "light": "red"}
    return Finding.model_validate(given | values)


def audit(*findings: Finding) -> Audit:
    return Audit(questions=99, demos=9, light="red", findings=findings, tallies=())


def made_card(shown: Audit) -> str:
    config = {"source": "simulated", "split": {"by": "demo"}}
    versions = {"robot-r1": "0.1.0"}
    nothing = {"renderers": (), "demos": (), "skipped": (), "dropped": {}, "files": ()}
    return card(Manifest.model_validate({"config": config, "versions": versions, **nothing}), shown, "x")


def test_verdict_counts_lights_the_worst_first() -> None:
    lights = ("green", "red", "grey", "green")
    assert verdict(audit(*(finding(light=light) for light in lights))) == "red (1 red, 2 green, 1 grey)"


def test_values() -> None:
    assert value_text(finding(value=0.0123)) == "p = 0.0123"
    assert value_text(finding(value=0)) == "p < 0.000001"
    assert value_text(finding(value=3, unit="count")) == "3 of 99"
    assert value_text(finding(value=0.4, unit="share", low=0.3, high=0.5)) == "0.40 [0.30, 0.50]"
    assert value_text(finding(unit="share")) == "not measured"


def test_what_has_no_verdict_is_not_taken_for_negative() -> None:
    grey = finding(section="truth", value=0.45, unit="share", low=0.4, high=0.5, light="grey")
    overall, _ = terminal_tables(audit(grey))
    assert [str(cell) for cell in overall.columns[1].cells] == ["\N{MIDDLE DOT} .45 [.40, .50]"]


def test_the_card_gives_the_verdict_and_explains_the_tables_that_it_has() -> None:
    rule = finding(section="blind rules", check="first letter", question_type="movement", unit="share", low=0, high=0)
    text = made_card(audit(finding(), rule))
    assert "Verdict: 🔴 red (2 red).\n" in text and "The first table says" in text and "boosted trees" in text
    plain = made_card(audit(finding()))
    assert "Verdict: 🔴 red (1 red).\n" in plain and "never look at the picture" not in plain
