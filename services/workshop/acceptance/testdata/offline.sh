# offline.sh BUNDLE: what README.txt of scripts/bundle says, word by word, where there is no network. Go has no module here yet.
set -euo pipefail
bundle=$1
export GOMODCACHE=$PWD/modules CGO_ENABLED=0 GOFLAGS='-trimpath -modcacherw'

git clone -q "$bundle/workshop.bundle" kafka-workshop
cd kafka-workshop
programs='./services/producer/cmd/producer ./services/workshop/cmd/workshop'
# The control: the bundle is needed.
# shellcheck disable=SC2086 # a word each
if go build -o bin/ $programs 2>/dev/null; then
	echo "Go has its modules from elsewhere: this proves nothing" >&2
	exit 1
fi
. "$bundle/env.sh"
# shellcheck disable=SC2086
go build -o bin/ $programs

python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r labs/python/requirements.txt
.venv/bin/python -c 'import kafka'

trap 'scripts/native-kafka down' EXIT
scripts/native-kafka up
bin/workshop topics apply
bin/producer --count 20 --pace 0
