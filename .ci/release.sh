# shellcheck shell=bash
# A part of ./x, which reads it: what is kept of the public API, and what is looked at before a release.

# The most bytes of what is published, packed: the crate, the npm package.
MOST_CRATE=425984
MOST_TARBALL=212992
# Each release of cargo-semver-checks reads what the rustc of its day and of a few before it write.
DENY_VERSION=0.20.2
SEMVER_VERSION=0.51.0
# Where packages are made, and what they are compared with.
RELEASE=$CACHE/release
KEPT=$ROOT/tests/release/kept
# Set by --write: what is kept is written anew.
WRITE=""

# compare_kept WHAT FILE NAME: FILE is as it is kept by this NAME, or is kept from now on.
compare_kept() {
  [ -s "$2" ] || { fail "$1: it is empty"; return; }
  if [ -n "$WRITE" ]; then
    mkdir -p "$KEPT" && cp "$2" "$KEPT/$3" && step "$1: written to ${KEPT#"$ROOT/"}/$3"
    return
  fi
  diff -u --label "kept" "$KEPT/$3" --label "now" "$2" && step "$1: as it is kept in ${KEPT#"$ROOT/"}/$3"
}

# need_from_cargo PROGRAM VERSION COMMAND...: COMMAND prints its version.
need_from_cargo() {
  [[ $("${@:3}" 2>/dev/null) != *" $2" ]] || return 0
  step "$1: building $2 (once, a few minutes)"
  # Not slow, and sooner built than for a release.
  CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=false cargo install -q "$1" --version "$2" --locked --force --debug \
    --root "$CACHE/tools" --target-dir "$CACHE/tools/target" || { fail "$1: could not be built, see above"; return; }
  rm -rf "$CACHE/tools/target"
}

# ---- ./x api ---------------------------------------------------------------------------------------------------------

# unstable_rustdoc ARGUMENTS...: cargo rustdoc. rustdoc alone is let do what is not stable, and so what the compiler has built
# for other parts of ./x test serves here too.
unstable_rustdoc() {
  local rustdoc=$CACHE/rustdoc.sh
  need_cache || return
  printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec "%s" "$@"\n' "$(rustc --print sysroot)/bin/rustdoc" >"$rustdoc" && chmod +x "$rustdoc" || return
  RUSTDOC=$rustdoc cargo rustdoc -q --target-dir "$ROOT/target" --lib "$@" || fail "rustdoc failed, see above"
}

# document_as_json FEATURES...: what rustdoc knows of halfopen, in target/doc/halfopen.json.
document_as_json() {
  rm -f target/doc/halfopen.json
  # The last argument is a new one each time: cargo would think that nothing is to be done, and that file be another's.
  unstable_rustdoc -p halfopen "$@" -- --cap-lints allow -Z unstable-options --output-format json --cfg "run_${BASHPID}_$RANDOM" || return
  [ -f target/doc/halfopen.json ] || fail "rustdoc wrote no target/doc/halfopen.json"
}

check_api_of_crate() {
  local features name text=$CACHE/api.txt code failed=""
  step "api: of halfopen, as $(rustc --version) sees it"
  for features in "" --all-features; do
    name=api${features#-}.txt
    document_as_json ${features:+"$features"} || return
    code=0
    cargo run -q -p api-text -- target/doc/halfopen.json >"$text" || code=$?
    case $code in
      0) compare_kept "api: ${features:-default features}" "$text" "$name" || failed=yes ;;
      3)
        [ -z "$WRITE" ] || { fail "api: cannot be written by this rustc, see above"; return; }
        step "api: SKIPPED. Nothing is said of the public API by this rustc, whose rustdoc's format api-text does not read, see above"
        return
        ;;
      *) fail "api: cannot be read, see above" || return ;;
    esac
  done
  [ -z "$failed" ] || fail "the public API is not what is kept, see above" \
    "if that is meant: ./x api --write crate, a line in CHANGELOG.md, and mind the version"
}

# After the package was built.
check_api_of_npm() {
  node "$NPM/scripts/types.mjs" >"$CACHE/npm.d.ts" || { fail "api: the types cannot be read, see above"; return; }
  compare_kept "api: of the npm package" "$CACHE/npm.d.ts" npm.d.ts ||
    fail "the public API of the npm package is not what is kept, see above" \
      "if that is meant: ./x api --write npm, a line in CHANGELOG.md, and mind the version"
}

verb_api() {
  local what
  [ "${1:-}" != --write ] || { WRITE=yes && shift; }
  [ $# -gt 0 ] || set -- crate npm
  for what in "$@"; do
    is_one_of "$what" crate npm || wrong_usage "api: '$what' is not crate or npm" "api --help"
  done
  need_cargo || return
  for what in "$@"; do
    [ "$what" != npm ] || alone npm-lock "works on the npm package" build_npm || return
    "check_api_of_$what" || return
  done
}

# ---- ./x release -----------------------------------------------------------------------------------------------------

# What is committed, in a folder of its own: nothing that only this machine has comes into a package.
clone_head() {
  need_cache || return
  rm -rf "$RELEASE" && mkdir -p "$RELEASE" || return
  git clone -q "$ROOT" "$RELEASE/clone" || { fail "git cannot clone $ROOT"; return; }
  step "release: $(git -C "$RELEASE/clone" log -1 --format='%h, %s')"
  [ -z "$(git status --porcelain)" ] || step "release: NOT IN IT is what is not committed: see git status"
}

# check_package WHAT FILE MOST: which files it has, how many bytes it is, its licences. What is in it is then in $RELEASE/WHAT.
check_package() {
  local what=$1 file=$2 folder=$RELEASE/$1 size name
  rm -rf "$folder" && mkdir -p "$folder" && tar -xzf "$file" -C "$folder" --strip-components=1 || return
  # Parts of a bundle have names that are made of what is in them.
  (cd "$folder" && find . -type f -printf '%P\n' | sed -E 's/part-[A-Z0-9]{8}\./part-HASH./' | LC_ALL=C sort) >"$folder.txt" || return
  compare_kept "$what: its files" "$folder.txt" "$what.txt" ||
    fail "$what: other files than there are to be, see above" "if that is meant: ./x release --write $what" || return
  size=$(stat -c %s "$file") || return
  step "$what: ${file##*/} has $size bytes, at most $3"
  [ "$size" -le "$3" ] || { fail "$what: $((size - $3)) bytes more than there may be" "what is in it: tar -tvzf ${file#"$ROOT/"}"; return; }
  for name in LICENSE-APACHE LICENSE-MIT; do
    cmp "$ROOT/$name" "$folder/$name" || { fail "$what: its $name is not the repository's"; return; }
  done
}

release_crate() {
  local crate folder=$RELEASE/crate target=$ROOT/target
  step "crate: cargo package, from a clean folder"
  (cd "$RELEASE/clone" && cargo package -q -p halfopen --target-dir "$RELEASE/target") || { fail "crate: cargo package failed, see above"; return; }
  crate=$(compgen -G "$RELEASE/target/package/halfopen-*.crate") || { fail "crate: cargo package wrote none"; return; }
  check_package crate "$crate" "$MOST_CRATE" || return
  # Or cargo would take it for a member of the workspace around it.
  echo "[workspace]" >>"$folder/Cargo.toml"
  step "crate: its tests, from what is in it alone"
  (cd "$folder" && cargo check -q --target-dir "$target" && cargo test -q --all-features --target-dir "$target" >"$RELEASE/crate.log" 2>&1) ||
    { tail -n 30 "$RELEASE/crate.log" && fail "crate: does not stand alone, see above" "all of it: $RELEASE/crate.log"; return; }
  awk '/^test result: ok/ { count += $4 } END { print "    ok: " count " tests"; exit count < 100 }' "$RELEASE/crate.log" ||
    { fail "crate: hardly a test ran: see release_crate in .ci/release.sh"; return; }
  check_docs_rs "$folder"
}

# check_docs_rs FOLDER: as docs.rs builds them, where each item says by which feature there is one.
check_docs_rs() {
  local page=$ROOT/target/doc/halfopen/tower/struct.CircuitBreakerLayer.html
  step "crate: its docs, as docs.rs is told to build them"
  grep -q '^rustdoc-args = \["--cfg", "docsrs"\]' core/Cargo.toml || { fail "core/Cargo.toml does not tell docs.rs so"; return; }
  rm -f "$page"
  (cd "$1" && RUSTDOCFLAGS="-D warnings --cfg docsrs" unstable_rustdoc --all-features) || return
  grep -q 'Available on .*crate feature .*tower' "$page" || fail "the docs do not say that CircuitBreakerLayer needs the feature tower"
}

release_npm() {
  local clone=$RELEASE/clone tarball tools=$ROOT/tests/release/node_modules/.bin
  step "npm: npm pack, from a clean folder"
  need_node || return
  alone npm-lock "works on the npm package" need_wasm_tools || return
  # What builds it need not be built anew.
  mkdir -p "$clone/.cache/npm/bin" && cp "$NPM_CACHE"/bin/* "$clone/.cache/npm/bin/" || return
  [ ! -d "$SYSROOT" ] || ln -sfn "$SYSROOT" "$clone/.cache/sysroot"
  CARGO_TARGET_DIR=$ROOT/target "$clone/x" npm pack || return
  tarball=$(compgen -G "$clone/.cache/npm/halfopen-*.tgz") || { fail "npm: there is no tarball"; return; }
  check_package npm "$tarball" "$MOST_TARBALL" || return
  need_node_modules "$ROOT/tests/release" || return
  step "npm: publint, and are-the-types-wrong"
  "$tools/publint" run "$tarball" --strict || { fail "npm: publint complains, see above"; return; }
  "$tools/attw" "$tarball" --format table-flipped --no-emoji --no-color || fail "npm: the types are wrong, see above"
}

release_api() { verb_api; }

release_deny() {
  local deny=$CACHE/tools/bin/cargo-deny checks=(licenses bans sources) lock locks failed=()
  need_from_cargo cargo-deny "$DENY_VERSION" "$deny" --version || return
  mapfile -t locks < <(git ls-files -- Cargo.lock '*/Cargo.lock')
  [ ${#locks[@]} -gt 1 ] || { fail "deny: git lists no lock files"; return; }
  if "$deny" --manifest-path Cargo.toml --config deny.toml fetch db >"$CACHE/deny.log" 2>&1; then
    checks+=(advisories)
  else
    step "deny: ADVISORIES ARE NOT LOOKED AT: their database cannot be fetched, see $CACHE/deny.log"
  fi
  for lock in "${locks[@]}"; do
    step "deny: ${checks[*]}, of $lock"
    cargo fetch -q --locked --manifest-path "${lock%lock}toml" || { failed+=("$lock") && continue; }
    # An exception serves one of these workspaces, and is none in the others.
    "$deny" --manifest-path "${lock%lock}toml" --workspace --locked --offline --config deny.toml check \
      -A license-exception-not-encountered "${checks[@]}" || failed+=("$lock")
  done
  [ ${#failed[@]} = 0 ] || fail "deny: ${failed[*]}, see above" "what may come along is in deny.toml"
}

# release_semver [REVISION]
release_semver() {
  local program=$CACHE/tools/bin/cargo-semver-checks revision=${1:-} features
  [ -n "$revision" ] || revision=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null) || true
  if [ -z "$revision" ]; then
    step "semver: NOT COMPARED: no release has a tag yet, such as v0.1.0. With another revision: ./x release semver REVISION"
    return
  fi
  git rev-parse -q --verify "$revision^{commit}" >/dev/null || { fail "semver: there is no revision '$revision'"; return; }
  need_from_cargo cargo-semver-checks "$SEMVER_VERSION" "$program" semver-checks --version || return
  for features in --all-features --default-features; do
    step "semver: halfopen as it is here, beside $revision, $features"
    "$program" semver-checks -p halfopen --baseline-rev "$revision" $features ||
      { fail "semver: what changed since $revision needs another version, or to be undone; see above"; return; }
  done
}

# With the oldest versions that core/Cargo.toml says are enough, in a copy.
release_minimal() {
  local folder=$CACHE/minimal/crate target=$ROOT/target/minimal crate
  need_cache || return
  rm -rf "$CACHE/minimal"
  cargo package -q -p halfopen --no-verify --allow-dirty --target-dir "$CACHE/minimal" || { fail "minimal: cannot be copied, see above"; return; }
  crate=$(compgen -G "$CACHE/minimal/package/halfopen-*.crate") && mkdir -p "$folder" && tar -xzf "$crate" -C "$folder" --strip-components=1 || return
  # Without what its tests need, which would choose for who uses it.
  awk '/^\[/ { skip = /^\[dev-dependencies/ } !skip; END { print "[workspace]" }' "$folder/Cargo.toml" >"$CACHE/minimal/Cargo.toml" &&
    mv "$CACHE/minimal/Cargo.toml" "$folder/Cargo.toml" || return
  step "minimal: choosing the oldest version of each crate that core/Cargo.toml names"
  (cd "$folder" && RUSTC_BOOTSTRAP=1 cargo update -q -Z direct-minimal-versions) ||
    { fail "minimal: the least versions in core/Cargo.toml do not go together, see above"; return; }
  step "minimal: building halfopen with them, in target/minimal"
  (cd "$folder" && cargo check -q --all-features --target-dir "$target" && cargo check -q --no-default-features --target-dir "$target") ||
    fail "minimal: a least version in core/Cargo.toml is too old, see above"
}

# The one place where the repository's address is written is Cargo.toml; what npm asks for is the same.
release_address() {
  local address package version
  need_node || return
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
  [ "$(cd "$NPM" && node -p 'require("./package.json").version')" = "$version" ] ||
    { fail "Cargo.toml has version $version, wasm/package.json another"; return; }
  address=$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml)
  if [ -z "$address" ]; then
    fail "the packages do not say where the repository is" "set \`repository\` in Cargo.toml, and run: ./x release --write address"
    return
  fi
  package="git+${address%.git}.git"
  if [ -n "$WRITE" ]; then
    sed -i -e '/^  "repository": /d' -e "/^  \"license\": /a\  \"repository\": { \"type\": \"git\", \"url\": \"$package\", \"directory\": \"wasm\" }," "$NPM/package.json" || return
  fi
  [ "$(cd "$NPM" && node -p 'require("./package.json").repository?.url')" = "$package" ] ||
    { fail "wasm/package.json does not say that the repository is $package" "run: ./x release --write address"; return; }
  step "address: $address"
}

verb_release() {
  local what parts=() revision="" failed=()
  [ "${1:-}" != --write ] || { WRITE=yes && shift; }
  while [ $# -gt 0 ]; do
    is_one_of "$1" crate npm api deny semver minimal address ||
      wrong_usage "release: '$1' is not crate, npm, api, deny, semver, minimal or address" "release --help"
    parts+=("$1")
    # What follows is a revision, unless it is the next part.
    if [ "$1" = semver ] && [ $# -gt 1 ] && ! is_one_of "$2" crate npm api deny minimal address; then revision=$2 && shift; fi
    shift
  done
  [ ${#parts[@]} -gt 0 ] || parts=(crate npm api deny semver minimal address)
  need_host || return
  if is_one_of crate "${parts[@]}" || is_one_of npm "${parts[@]}"; then clone_head || return; fi
  for what in "${parts[@]}"; do
    if [ "$what" = semver ]; then attempt release_semver "$revision"; else attempt "release_$what"; fi
    # shellcheck disable=SC2153 # it is of `attempt`
    [ "$CODE" = 0 ] || failed+=("$what")
  done
  [ ${#failed[@]} = 0 ] || fail "release: not ready: ${failed[*]}, see above"
  step "release: ${parts[*]}: nothing is wrong"
}
