"""Completion in bash, zsh and fish: click's, with shell scripts of charrnn's own.

With click's own scripts, bash offers either words of the program or files, but never both, splits a
name at its spaces and completes nothing after ``--cell=``; fish cuts a name at a comma. What is
offered follows from the parameters and their types (option_types.py). A shell treats an item by its
type:

    plain   the word itself
    file    every file and folder
    dir     every folder
    npz     every ``*.npz`` and folder

After a ``/``, zsh and fish leave out the words. Otherwise a run folder would be offered twice, as a
word and as a folder.
"""

from click.shell_completion import (
    BashComplete,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' item word
    local -a found
    COMPREPLY=()
    while read -r item; do
        word=${item#*,} found=()
        case $item in
            plain,*) found=("$word") ;;
            file,*) mapfile -t found < <(compgen -f -- "$word") ;;
            dir,*) mapfile -t found < <(compgen -d -- "$word") ;;
            npz,*) mapfile -t found < <(compgen -d -- "$word"; compgen -f -X '!*.npz' -- "$word") ;;
        esac
        [[ $item == plain,* ]] || compopt -o filenames
        COMPREPLY+=("${found[@]}")
    done < <(COMP_WORDS="${COMP_WORDS[*]:0:COMP_CWORD+1}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

# In zsh click writes "_" for an item without help. Such items are offered as mere words, because
# _describe would show the "_".
ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local -a answer plain described
    local kind word help
    (( $+commands[%(prog_name)s] )) || return 1
    answer=("${(@f)$(COMP_WORDS="${(j: :)words[1,CURRENT]}" COMP_CWORD=$((CURRENT-1)) \\
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    for kind word help in "${(@)answer}"; do
        [[ $kind/$help == plain/_ ]] && kind=word
        case $kind in
            word) plain+=("$word") ;;
            plain) described+=("$word:$help") ;;
            file) _files ;;
            dir) _files -/ ;;
            npz) _files -g '*.npz(-.)' ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described
    [[ $PREFIX == */* ]] || (( ! $#plain )) || compadd -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == (loadautofunc|shfunc) ]]; then  # a file in $fpath
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH = """\
function %(complete_func)s
    set -l token (commandline -ct)
    set -l word (string replace -r -- '^--[^=]+=' '' $token)
    set -l option (string match -r -- '^--[^=]+=' $token; or echo)
    for item in (COMP_WORDS=(commandline -cp) COMP_CWORD=$token \\
            %(complete_var)s=fish_complete %(prog_name)s 2>/dev/null)
        set -l part (string split -m 1 , -- $item)
        set -l files
        if test $part[1] != plain
            set files (complete -C "__fish_command_without_completions $word")
        end
        switch $part[1]
            case plain
                string match -q -- '*/*' $word; or printf '%%s\\n' $option$part[2]
            case file
                printf '%%s\\n' $option$files
            case dir
                printf '%%s\\n' $option(string match -r -- '^[^\\t]*/(?:\\t.*)?$' $files)
            case npz
                printf '%%s\\n' $option(string match -r -- '^[^\\t]*(?:/|\\.npz)(?:\\t.*)?$' $files)
        end
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments '(%(complete_func)s)'
"""


class SilentCompletion(ShellComplete):
    """Completion that offers nothing after an error, because its text would be put on the line."""

    def complete(self) -> str:
        """Return the offered items, in the format that the shell's script reads."""
        try:
            return super().complete()
        except Exception:
            return ""


class Bash(SilentCompletion, BashComplete):
    """Completion in bash, which splits ``--cell=lstm`` into three words."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the complete words, and the incomplete one."""
        words, incomplete = super().get_completion_args()
        return [word for word in words if word != "="], incomplete


class Zsh(SilentCompletion, ZshComplete):
    """Completion in zsh."""

    source_template = ZSH


class Fish(SilentCompletion, FishComplete):
    """Completion in fish."""

    source_template = FISH


def register() -> None:
    """Make click use the classes above."""
    for shell in (Bash, Zsh, Fish):
        add_completion_class(shell)
