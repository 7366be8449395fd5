# dnf 4, and the rpm beside it.
last=; for word; do last=$word; done
case "$program $*" in
rpm*) for p in "$world"/installed/*; do [ -e "$p" ] && printf '%s\t%s\n' "${p##*/}" "$(version "${p##*/}")"; done ;;
*--userinstalled*) wanted ;;
*--whatprovides*) echo jq; echo jq ;;
*repoquery*\*jq*\*) printf 'jq\t1.7.1-7.fc40\tJSON processor\n' ;;
*repoquery*) for word; do known "$word" && printf '%s\t%s\tJSON processor\n' "$word" "$(version "$word")"; done; true ;;
*install*--assumeno*) cat "$fixtures/dnf/install-assumeno.txt"; exit 1 ;;
*remove*--assumeno*) echo 'Removing:'; for n in $(after_dashes "$@"); do echo " $n  x86_64  1.0  @fedora  1 k"; done; echo 'Operation aborted.'; exit 1 ;;
*install*) add jq; add_auto oniguruma; echo 'Complete!' ;;
*remove*) for n in $(after_dashes "$@"); do drop "$n"; done; echo 'Complete!' ;;
*makecache*) echo 'Metadata cache created.' ;;
*) echo "unknown words: $*" >&2; exit 64 ;;
esac
