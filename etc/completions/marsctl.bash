# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
#
# Completion of marsctl(8) for bash.  marsctl itself knows which words may
# stand where: it lists them when it is given an empty one, and asks no daemon
# before that.  Values, in capitals there, are left to who types them.

_marsctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

	case ${COMP_WORDS[COMP_CWORD-1]} in
	-s|-w)	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return;;
	-o)	mapfile -t COMPREPLY < <(compgen -W "text dot svg" -- "$cur")
		return;;
	-n|-t)	COMPREPLY=()
		return;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" \
	    "${before[@]}" '' 2>&1 >/dev/null |
	    sed -n 's/^  \([a-z-]*\)$/\1/p')" -- "$cur")
}
complete -F _marsctl marsctl
