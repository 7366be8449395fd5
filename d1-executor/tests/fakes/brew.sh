case "$*" in
list*) for p in "$world"/installed/*; do [ -e "$p" ] && echo "${p##*/} $(version "${p##*/}")"; done; true ;;
leaves*dependency) automatic ;;
leaves*request) wanted ;;
info*) for n; do :; done; if known "$n"; then printf '==> %s: stable %s (bottled)\nJSON\n' "$n" "$(version "$n")"; else echo "Error: No available formula with the name \"$n\"." >&2; exit 1; fi ;;
search*) echo jq ;;
which-formula*) echo jq ;;
install*--dry-run*) cat "$fixtures/brew/install-dry-run.txt" ;;
install*) add_auto oniguruma; add jq ;;
uninstall*) shift 2; for n; do drop "$n"; done ;;
tab*) shift 2; how=$1; shift; for n; do mark "$how" "$n"; done ;;
update*) echo 'Already up-to-date.' ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
