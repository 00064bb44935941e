# Sourced, out of sight, by the pages that tools/readme.py runs: a copy of the project, and on
# loopback what stands on the internet otherwise. Two names lead there: node and gateway.
stage=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$stage"' EXIT
source .venv/bin/activate
mkdir "$stage/project" "$stage/home"
cp -r ape-config.yaml pyproject.toml contracts scripts metadata tests pfpkit "$stage/project"
rm -f "$stage/project/metadata/pins.json"
export PYTHONPATH=$PWD/tests/support/offline OFFLINE_LOG=$stage/asked PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$PYTHONPATH:$PWD/tests python -m support.docs_stage "$stage" &
for _ in $(seq 300); do [ -e "$stage/ready" ] && break; sleep 0.2; done
export HOME=$stage/home
source "$stage/ready"
cd "$stage/project"
