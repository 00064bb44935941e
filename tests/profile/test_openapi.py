"""The OpenAPI document: what a program makes of it holds for every answer

given hundreds of questions that fit the document, and that do not, no answer is one that the
document does not name: neither its status, its type, its headers nor its form; none is a fault.
"""

import os
import subprocess
import sys

CONFIG = """
[parameters]
"path.name" = "{name}"
"path.caip19" = "{ref}"

# No schema can say that an address has its checksum, or which tokens are on the chain.
[checks]
positive_data_acceptance.enabled = false

# With the name that is given above, no name is a wrong one.
[[operations]]
include-path-regex = "^/users/"
[operations.checks]
negative_data_rejection.enabled = false
"""


def test_openapi__when_schemathesis_asks__every_answer_is_as_documented(
    site, holder, wallet, name, tmp_path
):
    """The same questions each time; of somebody who shows a token, and of that token."""
    ref = site.mint(to=wallet.address)
    assert wallet.show(holder, ref).status_code == 200
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(name=name, ref=ref))
    command = [os.environ["PFPKIT_TEST_SCHEMATHESIS"], "--config-file", str(config)]
    command += ["run", f"{site.url}/openapi.json", "--seed", "1", "--max-examples", "100"]
    command += ["--phases", "examples,coverage,fuzzing", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    print(done.stdout[-20_000:], done.stderr[-2_000:], file=sys.stderr)
    assert done.returncode == 0
    assert "Tested: 4" in done.stdout
