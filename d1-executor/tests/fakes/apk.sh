case "$*" in
"info -v") for p in "$world"/installed/*; do [ -e "$p" ] && echo "${p##*/}-$(version "${p##*/}")-r0"; done; true ;;
search\ -e*cmd:*) echo 'jq-1.7.1-r0 - JSON' ;;
search\ -e*) for n in $(after_dashes "$@"); do known "$n" && echo "$n-$(version "$n")-r0 - JSON"; done; true ;;
search*) echo 'jq-1.7.1-r0 - JSON' ;;
add\ --simulate*) echo '(1/2) Installing oniguruma (6.9.9-r0)'; echo '(2/2) Installing jq (1.7.1-r0)' ;;
del\ --simulate*) for n in $(after_dashes "$@"); do echo "(1/1) Purging $n (1-r0)"; done ;;
add*) add_auto oniguruma; add jq ;;
del*) for n in $(after_dashes "$@"); do drop "$n"; done ;;
update*) echo 'OK: 20000 distinct packages available' ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
mkdir -p "$root/etc/apk"; wanted > "$root/etc/apk/world"
