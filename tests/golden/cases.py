"""What is run for the golden files, by which command, and what of it is not the same in two versions."""

from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
POLICY = "policies/orders.yaml"
KEY_NAME, KEY = "GOLDEN_KEY", "golden-key-0123456789-0123456789-0123456789"

OLD, NEW = FOLDER / "v0_3_0", FOLDER / "v0_4_0"
"""What 0.3.0 released; and of 0.4.0 the papers, and what it releases in another way."""

RELEASES = ("in_csv", "in_jsonl", "in_parquet", "made_up", "sealed", "open", "shared")
"""The releases of the policy; `open` and `shared` are anonymized, so that their rows are shuffled; the others are not."""

# What differs from 0.3.0 for a reason, and is compared with golden files of 0.4.0 instead:
#
# - label.json and run.json: the label rule is new, and so are the tests, their names and `schema_version: 2` (CHANGELOG, 0.4.0:
#   "The label rule is new" and "Breaking").
# - The register, in both papers (`schema_version: 3`): `register` says what is known of earlier releases, and what a label was made
#   of has `register` and `left_out`, for line 8 holds across runs now. The condition of an anonymized label is another where a
#   register is kept, and a public release has the test and the limit `register`. Its id and place are new in every run here.
# - Metadata in Parquet files: label, condition, limits, environment and attackers follow the label. Names, types and values do not
#   differ, so these are compared with 0.3.0's.
# - `run` and `policy_sha256`: the hash is over every option of a policy, and options came and went (CHANGELOG: `same:`, `sign:`
#   and `gain` are new, `require.link` and `require.link_sensitive` are gone, `risk` has no value of its own). A run is named by it.
# - Ciphertexts of `encrypt`: the nonce is drawn from the record's place, which begins with the run's name. So the release `sealed`
#   has other bytes; that 0.3.0's ciphertexts are still turned back is tested in their stead.
OTHER_BYTES = ("sealed",)

OTHER_REASONS = {'"payment", "wrong_type"': '"payment", "ambiguous_number"'}
"""Reasons of rejects that had the word of another one in 0.3.0: a number with a comma or a currency has one of its own now."""

# Another version of Faker draws other names: this release is compared only where the version is the one that it was made with.
MADE_UP = ("made_up",)


def command(output: str, inputs: str = "inputs/*", more: Sequence[str] = ()) -> list[str]:
    """The arguments of a run, from within this folder: 0.3.0 writes paths of inputs as they were given, which must stay."""
    return ["run", POLICY, "-i", inputs, "-o", output, "--max-rejects", "0.3", *more]
