# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_paramedic_global_optspecs
    string join \n o/output= json write= color= risks q/quiet v/verbose fail-on= strict window= watch= timeout= skip= config= from= proc-root= sys-root= pid= tree= name= container= target= netns= on= l/selector= n/namespace= A/all-namespaces c/in-container= context= kubeconfig= binary= inject debug-container= until-stdin-ends linger= h/help V/version
end

function __fish_paramedic_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_paramedic_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_paramedic_using_subcommand
    set -l cmd (__fish_paramedic_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c paramedic -n "__fish_paramedic_needs_command" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_needs_command" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_needs_command" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_needs_command" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_needs_command" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_needs_command" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_needs_command" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_needs_command" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_needs_command" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_needs_command" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_needs_command" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_needs_command" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_needs_command" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_needs_command" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_needs_command" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_needs_command" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_needs_command" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_needs_command" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_needs_command" -s V -l version -d 'Print version'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "check" -d 'Everything visible from here, findings ranked, worst first'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "fds" -d 'Flags of `fds`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "sockets" -d 'Flags of `sockets`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "memory" -d 'Flags of `memory`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "cpu" -d 'Flags of `cpu`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "disk" -d 'Flags of `disk`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "lifecycle" -d 'Flags of `lifecycle`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "dns" -d 'Flags of `dns`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "pg" -d 'Flags of `pg`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "pgbouncer" -d 'Flags of `pgbouncer`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "http" -d 'Flags of `http`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "compare" -d 'Whom to compare, and by what'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "pods" -d 'Flags of `pods`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "shutdown" -d 'Flags of `shutdown`'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "snapshot" -d 'What is recorded beside what is always recorded'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "explain" -d 'What a check sees, why it matters, how to confirm, how to fix'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "schema" -d 'The JSON Schema of the report'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "completions" -d 'Completions for a shell, on stdout'
complete -c paramedic -n "__fish_paramedic_needs_command" -f -a "man" -d 'A manual page in roff, on stdout'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l pg -d 'Postgres too: URL, key=value string, service or database [default: DATABASE_URL, else PGHOST and the like]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l kinds -d 'Whose descriptors to tell by kind: one read for each of them' -r -f -a "matter\t'Processes near their limit, processes that grow, and those named by the scope'
all\t'Every process'"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l sort -d 'Order of the table' -r -f -a "pct\t'Share of the soft limit'
open\t'Open descriptors'
growth\t'Growth over the window'"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l rows -d 'Rows of the tables, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l all -d 'Print every process, as it is read'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand fds" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l state -d 'Only these states, as ss names them: close-wait, established, connected …' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l peer -d 'Only connections to this address, as in 10.0.3.7, 10.0.3.7:443 or :443' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l group-by -d 'What the connections are grouped by' -r -f -a "peer\t'One row for each owner and peer'
owner\t'One row for each process'
state\t'One row for each state'"
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l rows -d 'Rows kept of each table, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l listen -d 'Only listening sockets'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l all -d 'Print every socket, as it is read'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand sockets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l sort -d 'Order of the tables' -r -f -a "pct\t'Share of the limit that cannot be given back; processes by size'
size\t'Size'
growth\t'Growth over the window'
swap\t'What is in swap'"
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l rows -d 'Rows of the tables, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l pss -d 'Count what processes share in part (PSS): the kernel walks the page tables of each process in the table'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l all -d 'Print every process, as it is read'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand memory" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l threads -d 'Whose threads to read: two small files for each of them' -r -f -a "busy\t'Those of the busiest processes, and as many others as cost next to nothing'
all\t'Those of every process'"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l sort -d 'Order of the table of threads' -r -f -a "share\t'Time on a processor'
wait\t'Time waiting for a processor'"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l rows -d 'Rows of the tables, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand cpu" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l sort -d 'Order of the table of mounts' -r -f -a "used\t'Share of the space or of the inodes that is used'
size\t'Size'
avail\t'What is left, least first'
mount\t'Path'"
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l rows -d 'Rows of the tables, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l all -d 'Print every mount of the table, hidden ones and those without files of their own too'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand disk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l rows -d 'Rows of the tables, the worst first' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand lifecycle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l libc -d 'Whose rules to look names up by' -r -f -a "auto\t'Those of the library that the process uses; both when that cannot be told'
glibc\t'The GNU C library: Debian, Red Hat, distroless'
musl\t'musl: Alpine'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l server -d 'Ask these servers, not those of the settings' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l port -d 'The port of the servers' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l type -d 'Types that the servers are asked for' -r -f -a "a\t'IPv4 addresses'
aaaa\t'IPv6 addresses'
cname\t'Another name'
mx\t'Mail servers'
ns\t'Nameservers'
ptr\t'Name of an address'
soa\t'Begin of a zone'
srv\t'Host and port of a service'
txt\t'Text'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l runtime -d 'Look the names up with this runtime too: it is started for each name' -r -f -a "node\t'Node.js: `dns.lookup`'
python3\t'Python: `socket.getaddrinfo`'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l rows -d 'Rows of the tables' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l load -d 'Put load on the first server, or on each --server in turn: QPS questions a second for the names given, or `ramp`, step by step until it fails' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l workers -d 'Closed loop instead: N workers, each with one question at a time; 2 is what Node.js has' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l for -d 'How long the load lasts [default: 10s; of a ramp each step 5s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l max -d 'Never more questions a second than this [default: 200]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l plan -d 'Print every query that would be sent, in order, and send nothing'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand dns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s d -l dbname -d 'URL, key=value string, name of a service or of a database [default: DATABASE_URL, else PGHOST and the like]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l log -d 'Rebuild deadlocks from this server log (stderr, csvlog or jsonlog; - is stdin), without connecting' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l instances -d 'Instances of the application at full scale: with --pool a plan to hold against the slots' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l pool -d 'Connections that the pools of one instance may open, all its workers together' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l surge -d 'Instances that a rollout adds for a while' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l others -d 'Connections of everything else: migrations, jobs, people' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l rows -d 'Rows of the tables' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand pg" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s d -l dbname -d 'The pooler, as a URL or key=value string [default: PGBOUNCER_URL, DATABASE_URL, else PGHOST and the like; port 6432]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l slots -d 'Ordinary slots of each server behind it, where the server itself is not asked' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l pg -d 'Ask this Postgres server behind it for its slots, by one connection to it' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l rows -d 'Rows of the tables' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand pgbouncer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l lb-idle -d 'How long the load balancer in front keeps an idle connection, and waits for an answer [default: 60s]; asks for --probe idle' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l probe -d 'Hold connections: idle until the server closes them, or with a head or a body that comes a byte a second' -r -f -a "idle\t'Idle, after one answer'
headers\t'A head that does not end'
body\t'A body that does not end'"
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l probe-for -d 'The longest that a slow head or body is kept up [default: 100s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l for -d 'Send requests for so long and say what became of each: through the load balancer, during a rollout' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l rate -d 'Requests a second [default: 20]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l connections -d 'Connections that are kept [default: 10]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l method -d 'Method of the requests [default: GET, with --body POST]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l body -d 'Body of the requests; `@FILE` reads it from a file' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s H -l header -d 'A field of the requests, as in `Authorization: Bearer …`; may be given again' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l expect-body-length -d 'An answer with a body of another length, in bytes, is counted as cut' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l request-timeout -d 'An answer that is not whole by then is lost' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l cacert -d 'Trust the authorities in this PEM file, not the system\'s' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l http2 -d 'Speak HTTP/2: over https offered beside HTTP/1.1, over http taken for granted'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l insecure -d 'Trust any certificate'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand http" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l deployment -d 'The pods of this Deployment' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l service -d 'The pods that this Service sends to' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l exec -d 'How to run a command at a member, {} standing for its name, as in \'docker exec -i {}\'' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l reference -d 'This member is right, and the others are held against it [default: the majority]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l binary -d 'The program at the members' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l compare-key -d 'Key under which the members hash secrets, so that later snapshots can be compared with these [default: one of this run alone]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l file -d 'Files that are compared too, by content, mode and time' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l exec-version -d 'A program that is asked for its version, as in \'node --version\'' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l show-env -d 'Variables whose values are no secrets and may be shown (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l rows -d 'Rows of the tables' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l rows -d 'Rows of the tables' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand pods" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l url -d 'What is asked again and again [default: the port of --ready, else the only one that CMD listens on]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l ready -d 'It is ready when this URL, or this port, answers [default: the URL]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l start-timeout -d 'So long it may take until it is ready' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l warm-up -d 'Load before the end begins' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l grace -d 'From the begin of the end to the SIGKILL: terminationGracePeriodSeconds, docker stop --time' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l late -d 'So long requests are still routed there when the end has begun' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l signal -d 'The signal: STOPSIGNAL of the image' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l prestop -d 'Runs in a shell when the end begins, before the signal, inside of the grace period: preStop' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l connections -d 'Connections that are kept and carry half of the requests' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l idle -d 'Connections that have carried a request and idle' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l rate -d 'Requests a second, over kept and over new connections' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l method -d 'Method of the requests [default: GET, with --body POST]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l body -d 'Body of the requests; `@FILE` reads it from a file' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s H -l header -d 'A field of the requests, as in `Authorization: Bearer …`; may be given again' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l expect-body-length -d 'An answer with a body of another length, in bytes, is counted as cut' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l request-timeout -d 'An answer that is not whole by then is lost' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l cacert -d 'Trust the authorities in this PEM file, not the system\'s' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l as-pid1 -d 'Start it as PID 1 of a pid namespace, as in a container: signals without a handler do not reach it'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l yes -d 'Rehearse what --pid names without asking'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l http2 -d 'Speak HTTP/2: over https offered beside HTTP/1.1, over http taken for granted'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l insecure -d 'Trust any certificate'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand shutdown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l compare-key -d 'Key under which secrets are hashed, so that snapshots can be compared; - reads it from the first line of stdin and ends when stdin does [default: one of this run alone]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l file -d 'Files that are compared too, by content, mode and owner; ** is any depth' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l exec-version -d 'A program that is asked for its version, as in \'node --version\'' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l show-env -d 'Variables whose values are no secrets and may be shown (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l brief -d 'Only what comparison needs'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s o -l output -d 'Format of the output' -r -f -a "text\t'For people, at most 80 columns on a terminal'
wide\t'For people, every column'
json\t'One `paramedic/1` document'
ndjson\t'One document a line, one line a look'
dot\t'The graph of the command, for Graphviz'
mermaid\t'The graph of the command, for Markdown'
snapshot\t'The facts behind the report, as `snapshot` writes them: for --from'"
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l write -d 'Write the output to this file, atomically, and nothing to stdout' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is dumb'
always\t'Always'
never\t'Never'"
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l fail-on -d 'Exit 1 or 2 from this severity on' -r -f -a "notice\t'Notices too'
warning\t'Warnings and worse'
critical\t'Criticals only'
never\t'Findings never change the exit code'"
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l window -d 'How long to look, as in 500ms, 10s, 5m; 0 is one look without rates' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l watch -d 'Look again and again, every DUR' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l timeout -d 'Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l skip -d 'Leave out these areas or codes (globs)' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l config -d 'Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l from -d 'Judge a recorded snapshot instead of this machine; - is stdin' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l proc-root -d 'Read another process table, such as a host\'s mounted into a container' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l sys-root -d 'Read another /sys' -r -F
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l pid -d 'Only these processes' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l tree -d 'Only this process and what it started' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l name -d 'Only processes of this name' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l container -d 'Only processes whose cgroup path holds this text, such as a container id' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l target -d 'Only the container of this process: the patient, seen from a debug container' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l netns -d 'Sockets of our own network namespace, or of all that are visible' -r -f -a "own\t''
all\t''"
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l on -d 'Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s l -l selector -d 'Pods that match these labels' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s n -l namespace -d 'Namespace of pods [default: that of kubectl]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s c -l in-container -d 'Container of each pod [default: its default one]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l context -d 'Context of kubectl' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l kubeconfig -d 'Configuration of kubectl [default: what kubectl itself takes]' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l binary -d 'What paramedic is called there, or where it is' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l debug-container -d 'Where it is missing: add a container of this image to the pod, for good, and look from there' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l linger -d 'Does nothing but end after so long: what a container that others look from runs' -r
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l json -d 'Same as --output json'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l risks -d 'List notices too: risky settings of a machine that is well'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s q -l quiet -d 'Verdict only'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s v -l verbose -d 'Say also what was looked at and found clear'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l strict -d 'Exit 3 when anything could not be seen'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s A -l all-namespaces -d 'Pods of all namespaces'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l inject -d 'Where it is missing: send this program there, run it, remove it'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -l until-stdin-ends -d 'Ends when its standard input does: who asked is gone'
complete -c paramedic -n "__fish_paramedic_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
