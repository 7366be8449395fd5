case "$1" in
-Q) for p in "$world"/installed/*; do [ -e "$p" ] && echo "${p##*/} $(version "${p##*/}")"; done; true ;;
-Qqe) wanted ;;
-Si) shift 2; bad=0; for n; do if known "$n"; then printf 'Name            : %s\nVersion         : %s\nDescription     : JSON\n\n' "$n" "$(version "$n")"; else echo "error: package '$n' was not found" >&2; bad=1; fi; done; exit $bad ;;
-Ss) cat "$fixtures/pacman/search.txt" ;;
-Fq) echo extra/jq ;;
-D) how=$2; shift 3; for n; do mark "$how" "$n"; done ;;
-S) case "$*" in *--print*) echo 'oniguruma 6.9.9 200'; echo 'jq 1.7.1 300' ;; *) add_auto oniguruma; add jq ;; esac ;;
-Rn) names=$(after_dashes "$@"); case "$*" in *--print\ *) for n in $names; do echo "$n 1 0"; done ;; *) for n in $names; do drop "$n"; done ;; esac ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
