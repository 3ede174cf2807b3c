"""What the figures of a label mean that no measure tells: of its attacks, its search, its persons and its register."""

from collections.abc import Mapping

from beam_deid.transforms.risk.meaning import COUNTED, Meaning

_EXPOSED = {
    "attackers": "Persons of the attacker's table",
    "attackers_exposed": "Those of them who are narrowed down to fewer than k released persons",
    "released": "Released persons",
    "released_exposed": "Those of them who are among fewer than k",
    "met": "Persons of the table who may be anybody in the release at all",
    "known": "Persons of the table who are in the source",
    "known_met": "Those of them who may be anybody in the release",
    "share": "Share of the exposed, of the attacker's or of the released persons, the greater",
}
_PRESENCE = {
    "k_map": "Fewest persons of the table whom a released record may be",
    "outside": "Share of released records that are nobody of the table",
    "delta": "Least and greatest chance that a person of the table is in the release",
    "journalist": "Risk of a released person: the highest, the average, and the share of persons above 1/k",
    "marketer": "Share of persons who would be linked rightly at random",
}
_CANDIDATES = {
    "subjects": "Persons of the attacker's table who may be somebody in the release",
    "least": "The fewest released persons whom one of them may be",
    "median": "The middle one of these numbers",
    "mean": "The average of these numbers",
    "most": "The greatest of these numbers",
}
_SEARCH = {
    "nodes": "Combinations of levels that there are",
    "evaluated": "Those of them that were looked at",
    "refused": "Those that had large enough groups, and failed another test",
    "suppressed": "Records that are suppressed with the chosen levels",
    "local_loss": "The loss where levels differ between records",
    "full_domain": "What one level for all records would lose and suppress",
    "blocked": "Where no levels will do: the k, or the share to be suppressed, with which some would",
}

FIGURES: Mapping[str, Meaning] = {
    "history": Meaning(
        meaning="Chance that a few points of a person's history are nobody else's",
        formula="Σ_s |{p ∈ s : p ∉ s′}| / |s| / n",
        source="de Montjoye et al.: Unique in the crowd (2013)",
        test="history",
        parts={
            "points": "How many points somebody knows of the person",
            "share": "The chance that they single the person out",
            "low": "The lower end of its interval of 95 %",
            "high": "The upper end of its interval of 95 %",
            "others": "The same for one point by other definitions: of all points, of all records, of persons with any such point",
        },
    ),
    "combinations": Meaning(
        meaning="Which sets of columns single persons out",
        formula="|{s : ∃ j: s ∈ j ∧ f_j = 1}|",
        source="Elliot, Manning, Ford: Special uniques (2002)",
        test="k",
        parts={
            "unique_subjects": "Persons whom the set singles out",
            "share": "The same as a share of all persons",
        },
    ),
    "contributions": Meaning(
        meaning="How much each column has a part in singling persons out; all columns together come to 1",
        source="Elliot, Manning, Ford: Special uniques (2002)",
        advice="Coarsen or leave out the column with the greatest share first.",
    ),
    "base_rates": Meaning(
        meaning="Share of all persons who have the commonest value of a sensitive column: what anybody can guess without the data",
        formula="max p",
        advice="What nearly everybody has is no secret, and line 4 cannot protect it: leave the column out if it "
        "must not be guessed.",
    ),
    "attacks": Meaning(
        meaning="What an attacker links: persons of its table, or of the release itself, who match one released person alone",
        test="attacker",
        parts={
            "subjects": "Persons whom the attacker looks for",
            "linked": "Those of them who match one released person alone",
            "linked_rightly": "Those whose match is themselves, where that can be told",
            "share": "Share of persons who match one released person alone",
            "limit": "The limit that is told beside it; missing where none is asked",
        },
    ),
    "attacks.candidates": Meaning(
        meaning="How many released persons a person of an attacker's table may be",
        source="El Emam: Guide to the De-Identification of Personal Health Information (2013)",
        test="attacker",
        parts=_CANDIDATES,
    ),
    "attacks.presence": Meaning(
        meaning="What an attacker's table tells if it holds everybody whom the release could be about",
        source="El Emam, Dankar: k-map (2008); Nergiz et al.: δ-presence (2007)",
        test="attacker",
        parts=_PRESENCE,
    ),
    "attacks.exposed": Meaning(
        meaning="Whom an attacker narrows down to fewer than k persons",
        test="attacker",
        parts=_EXPOSED,
    ),
    "recoveries": Meaning(
        meaning="What attacks on the released values themselves found: how many could be turned back without any key",
        test="keyless",
        parts={
            "values": "Values, or persons, that were attacked",
            "recovered": "Those that were turned back",
            "share": "Share of those that were turned back, above chance; missing where nothing can be concluded",
            "limit": "The greatest share that is allowed; missing where it is only told",
        },
    ),
    "scan.hits": Meaning(
        meaning="Distinct released values of a column that look like an identifier",
        test="value_scan",
    ),
    "search.loss": Meaning(
        meaning="How much detail is lost by the chosen levels over all columns that were left open, from 0 (none) to 1 (all)",
        advice="Ask for less, or allow more records to be suppressed, where too much is lost: beam-deid search shows "
        "what each costs.",
    ),
    "search.losses": Meaning(
        meaning="The same for each column that was left open",
        advice="Fix the level of a column that must keep its detail, and let the search coarsen others.",
    ),
    "search": Meaning(
        meaning="How the levels were found that the policy leaves open",
        advice="Nothing: beam-deid search shows what other levels would cost.",
        parts=_SEARCH,
    ),
    "changes.suppress": Meaning(
        meaning="Share of the rows that would have to be suppressed for a test to hold, with all levels as they are",
        advice="Allow it, if so much may be lost: require: {suppression: SHARE}.",
    ),
    "environment": Meaning(
        meaning="The setting at the recipient as the policy declares it, of which the environment risk E is worked out",
        source="Information and Privacy Commissioner of Ontario: De-identification Guidelines for Structured Data (2016)",
        advice="Declare it as it is, with who states it and until when: nobody has checked it.",
        parts={
            "prevalence": "Share of the population that has what the data are about",
            "acquaintances": "People whom somebody at the recipient knows",
            "population": "People of the population that the data are drawn from",
            "E": "The environment risk that follows",
        },
    ),
    "identities.without_subject": Meaning(
        meaning="Records that do not say whom they are about, and count as nobody's",
        advice="Where they are many, name another subject, or fill it in at the source.",
    ),
    "identities.equal_files": Meaning(
        meaning="Input files that are equal to another one, byte by byte",
        advice="Their records count once for persons, and are released as often as they come: leave a copy out if it is one.",
    ),
    "identities.shared_values": Meaning(
        meaning="Values of an identifier that more than 100 persons share, so that they name nobody",
        advice="Make sure that they are no person's: a shop's telephone, or a placeholder.",
        parts={
            "values": "Such values",
            "cells": "Combinations of values in which they stand",
        },
    ),
    "sensitive_values.fields": Meaning(
        meaning="Distinct released values of a column that are on a list of sensitive ones",
        advice="The column counts as sensitive. Leave it out, or generalize it, if its values need not be known.",
    ),
    "sensitive_values.spread": Meaning(
        meaning="How values on a list of sensitive ones are spread over persons and groups",
        test="gain",
        parts={
            "persons": "Persons who have any",
            "share": "Their share of all persons",
            "groups": "Groups in which somebody has any",
            "largest": "Greatest share of a group's persons who have any",
        },
    ),
    "register.in_common": Meaning(
        meaning="Records of the run that an earlier release of the register has as well",
        test="composition",
    ),
    "register.disjoint": Meaning(
        meaning="Releases of the register that have none of the same records",
        advice=COUNTED,
    ),
    "ground.consent.persons": Meaning(
        meaning="Persons of the ledger of consent: known, and with their own consent, with the guardian's, withdrawn",
        advice="Nothing: whose records a release is not about say withheld and its reasons.",
    ),
    "files.rows": Meaning(meaning="Rows of a released file", advice=COUNTED),
    "k_wildcard": Meaning(
        meaning="Fewest persons whom a record may be if an empty cell fits any value; told by assess where it is asked",
        test="k",
    ),
}
"""Each figure by its place in ``label.json``, without the names of the data on the way."""
