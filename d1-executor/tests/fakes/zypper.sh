case "$program $*" in
rpm*) for p in "$world"/installed/*; do [ -e "$p" ] && printf '%s\t%s\n' "${p##*/}" "$(version "${p##*/}")"; done; true ;;
*info*) for n in $(after_dashes "$@"); do known "$n" && printf 'Name : %s\nVersion : %s\nSummary : JSON\n' "$n" "$(version "$n")" || echo "package '$n' not found."; done ;;
*search*) cat "$fixtures/zypper/search.txt" ;;
*install*--dry-run*) printf 'The following 2 NEW packages are going to be installed:\n  jq  1.7.1  x86_64  Main  openSUSE\n  oniguruma  6.9.9  x86_64  Main  openSUSE\n\nOverall download size: 1.0 KiB. Already cached: 0 B. After the operation, additional 2.0 KiB will be used.\n' ;;
*remove*--dry-run*) echo 'The following packages are going to be REMOVED:'; for n in $(after_dashes "$@"); do echo "  $n  1  x86_64"; done ;;
*install*) add jq; add_auto oniguruma ;;
*remove*) for n in $(after_dashes "$@"); do drop "$n"; done ;;
*refresh*) echo 'All repositories have been refreshed.' ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
mkdir -p "$root/var/lib/zypp"; automatic > "$root/var/lib/zypp/AutoInstalled"
