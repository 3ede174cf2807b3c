"""The keys of the records of a batch: whom identities mean, and how they are typed."""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.measure import record_keys
from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import Records

from ..kit.deciding import measured
from ..kit.fingerprints import KEY
from ..kit.policies import policy, release, roles

POLICY = policy(roles(direct="mobile", quasi="city"), top={"subject": "mobile"}, a=release("enclave", "city"))
SPELT = ["13800138000", "138-0013-8000", "13900139000", None, "138-0013-8000"]


def keys_of(mobiles: pa.Array) -> RecordKeys:
    city = pa.array(["杭州"] * len(mobiles)).dictionary_encode()
    job = Job(policy_from_mapping(POLICY), ("a",), fingerprint_key=KEY)
    return RecordKeys(job, Records({"mobile": mobiles, "city": city}, np.arange(len(mobiles))))


def test_spellings_of_one_identity_are_one_key_and_other_signatures():
    keys = keys_of(pa.array(SPELT))
    whose = keys.identities()["mobile"]
    assert whose[0] == whose[1] == whose[4] != whose[2]
    assert whose[3] == KEY.null
    signature = keys.signature()
    assert signature[1] == signature[4]
    assert len(set(signature.tolist())) == 4


def test_a_dictionary_has_the_keys_of_its_values():
    plain = keys_of(pa.array(SPELT))
    coded = keys_of(pa.array(SPELT).dictionary_encode())
    assert np.array_equal(plain.identities()["mobile"], coded.identities()["mobile"])
    assert np.array_equal(plain.signature(), coded.signature())


def test_a_column_that_is_spelt_canonically_is_worked_on_once(monkeypatch):
    seen = []
    right = record_keys.fingerprint
    monkeypatch.setattr(record_keys, "fingerprint", lambda column, key: seen.append(column) or right(column, key))
    keys = keys_of(pa.array(["13800138000", "13900139000"]))
    assert np.array_equal(keys.identities()["mobile"], keys.typed("mobile"))
    keys.signature()
    assert len(seen) == 1


def test_records_that_differ_in_a_spelling_are_cells_of_their_own():
    table = pa.table({"mobile": SPELT, "city": ["杭州"] * len(SPELT)})
    job, found = measured(POLICY, table)
    (names,) = job.tables
    assert sorted(found.histograms[names].ordered().counts.tolist()) == [1, 1, 1, 2]
