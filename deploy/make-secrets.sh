#!/usr/bin/env bash
# Writes the secrets of docker-compose.yml into secrets/, once: a file that exists is never changed.
# The folder is closed to others; the files in it must be readable by the containers' users.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets

store() { # NAME VALUE
    if [[ ! -e secrets/$1 ]]; then
        printf '%s' "$2" >"secrets/$1"
        chmod 0444 "secrets/$1"
    fi
}
random_hex() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
random_key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

store secret_key "$(random_hex)$(random_hex)"
store data_keys "$(random_key)"
store digest_key "$(random_key)"
for name in postgres owner application; do store "${name}_password" "$(random_hex)"; done
store database_url "postgres://sigweb_app:$(cat secrets/application_password)@postgres/sigweb"
store owner_database_url "postgres://sigweb_owner:$(cat secrets/owner_password)@postgres/sigweb"
echo "The secrets are in secrets/. Keep a copy of data_keys and digest_key in a safe place: without them no stored image can be read."
