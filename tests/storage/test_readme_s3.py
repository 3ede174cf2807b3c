import re
import shutil

import pytest

from ..test_readme import README, paste


@pytest.mark.slow("carries out the commands of README for a bucket, in processes")
@pytest.mark.skipif(not README.exists(), reason="README.md is not here: this is no checkout")
def test_the_commands_of_the_readme_for_a_store_work_when_pasted(bucket, orders, tmall_policy, tmp_path):
    (script,) = re.findall(r"^<!-- s3 -->\n```bash\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "demo").mkdir()
    shutil.copy(tmall_policy, tmp_path / "demo" / "policy.yaml")
    bucket.put("2026/11/26/orders.parquet", orders / "orders-0.parquet")
    done = paste(script, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "analytics: anonymized" in done.stdout
    listed = bucket.keys()
    assert "out/analytics/label.json" in listed
