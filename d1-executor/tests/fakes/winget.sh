id() { while [ $# -gt 0 ]; do [ "$1" = --id ] && echo "$2"; shift; done; }
title='Name      Id                  Version  Source'
case "$1" in
list) echo "$title"; echo '----------------------'; for p in "$world"/installed/*; do [ -e "$p" ] && printf '%-9s %-19s %-8s winget\n' "some jq" "${p##*/}" "$(version "${p##*/}")"; done; true ;;
show) n=$(id "$@"); if known "$n"; then printf 'Found jq [%s]\nVersion: %s\n' "$n" "$(version "$n")"; else echo 'No package found matching input criteria.'; exit 20; fi ;;
search) echo "$title"; echo '----'; printf '%-9s %-19s %-8s winget\n' jq jqlang.jq 1.7.1 ;;
install) add "$(id "$@")" ;;
uninstall) drop "$(id "$@")" ;;
source) echo Done ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
