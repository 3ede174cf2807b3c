import shutil

import pytest

from ..kit.pages import ROOT, blocks, needs_pages, paste


@pytest.mark.slow("carries out the commands of a page for a bucket, in processes")
@needs_pages
def test_the_commands_for_a_store_work_when_pasted(bucket, orders, tmall_policy, tmp_path):
    (script,) = blocks(ROOT / "transforms" / "storage" / "README.md", "bash", "s3")
    (tmp_path / "demo").mkdir()
    shutil.copy(tmall_policy, tmp_path / "demo" / "policy.yaml")
    bucket.put("2026/11/26/orders.parquet", orders / "orders-0.parquet")
    done = paste(script, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "analytics: anonymized" in done.stdout
    listed = bucket.keys()
    assert "out/analytics/label.json" in listed
