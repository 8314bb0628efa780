
use builtin;
use str;

set edit:completion:arg-completer[strait] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'strait'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'strait'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand verify 'Compare the copy with the source, record by record; nothing is changed'
            cand validate 'Check the configuration, and the clusters it names; nothing is changed anywhere'
            cand demo 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on'
            cand sandbox 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
            cand groups 'Move consumer groups'' committed offsets to the target, or translate offsets'
            cand topics 'Make the target''s topics like the source''s'
            cand lag 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
            cand failover 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places'
            cand failover-test 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record'
            cand failback 'Go back to the source of a flow that was ended, with all that came to the target meanwhile'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;init'= {
            cand --from 'Read a MirrorMaker 2 properties file, or a broker''s server.properties with replicator keys'
            cand --from-cluster 'Look at a cluster; twice, the source first. SSL://HOST:PORT encrypts, with the system''s authorities'
            cand --client-properties 'How to get in to a cluster: a client''s properties file, as for --command-config of Kafka''s tools'
            cand -o 'Write to this file, not to stdout'
            cand --output 'Write to this file, not to stdout'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --template 'Print a commented file with every key'
            cand --force 'Overwrite the file'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;replicate'= {
            cand --metrics 'Serve /metrics, /healthz and /readyz on this address, such as 127.0.0.1:9464'
            cand --progress-interval 'How often progress is told where stderr is no terminal, and in JSON'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --once 'Copy to the end offsets seen at the start, then stop'
            cand --until-caught-up 'Stop when every partition has been at its end'
            cand --share 'Share the partitions with other processes that run the same flows with --share'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;status'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --map 'List the runs of the offset maps: records from SOURCE on stand at the target from TARGET on'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;verify'= {
            cand --topic 'Only source topics of this pattern; repeatable'
            cand --since 'Only records not older than this: a duration such as 2h, or a time such as 2026-01-31T00:00:00Z'
            cand --sample 'Compare this share of the ranges only, in percent'
            cand --seed 'Decides which ranges are the sample [default: another one each time]'
            cand --resume 'Keep finished ranges in this file, and go on from it'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --complete 'What is not copied yet is missing'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;validate'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --offline 'Look at the file alone; open no connection, and read no secrets'
            cand --strict 'Make errors of all warnings'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;demo'= {
            cand --rate 'Records sent per second'
            cand --partitions 'Partitions of the topic'
            cand --duration 'How long the application works before its region is lost'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --keep 'Leave both clusters running afterwards, until Ctrl-C'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;sandbox'= {
            cand --clusters 'The clusters'' names'
            cand --brokers 'How many brokers each cluster has'
            cand --topic 'A topic and its partitions, in the first cluster or in the one named; may be given several times'
            cand --broker-config 'A broker setting, as server.properties has it; may be given several times'
            cand --save 'Write a strait.toml with these clusters, and a flow from the first to the second'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;groups'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand sync 'Plan or carry out the move of consumer groups'' committed offsets from source to target'
            cand translate 'Translate offsets between source and target, for applications that keep them themselves'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;groups;sync'= {
            cand --group 'Only these of the flow''s groups: a name, a glob or re:EXPRESSION; may be given several times'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --apply 'Commit what the plan says'
            cand --allow-rewind 'Also take groups back that are further at the target than the source''s offset says'
            cand --all 'List offsets that are in place, too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;groups;translate'= {
            cand --topic 'The topic of the one offset'
            cand --partition 'Its partition'
            cand --offset 'The one offset'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --reverse 'From the target''s offsets to the source''s'
            cand --bare 'Print the translations alone, as JSON in the shape of the question'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;groups;help'= {
            cand sync 'Plan or carry out the move of consumer groups'' committed offsets from source to target'
            cand translate 'Translate offsets between source and target, for applications that keep them themselves'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;groups;help;sync'= {
        }
        &'strait;groups;help;translate'= {
        }
        &'strait;groups;help;help'= {
        }
        &'strait;topics'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;topics;sync'= {
            cand --apply 'Carry out: a plan made with --out, or what is found now'
            cand --out 'Write the plan to this file'
            cand --throttle 'What a broker may spend on moving replicas, such as 50MB/s [default: no limit]'
            cand --only 'Only these source topics: a name, a glob, or re: and a regular expression; repeatable'
            cand --exclude 'Without these source topics; repeatable'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --detailed-exitcode 'End with 0 where nothing is to be done, 2 where there are changes, 1 after an error'
            cand --allow-delete 'Delete copies whose topic is gone from the source'
            cand --prune 'Take configs away that only the target''s topic has'
            cand --acls 'Copy ACLs of the topics, for reading'
            cand --acl-writes 'With --acls: also those that let somebody write at the target'
            cand --fix-replication 'Move replicas until their number is provision.replication_factor'
            cand --clear-throttles 'Take throttles away that a run left behind which was killed while it moved replicas'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;topics;help'= {
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;topics;help;sync'= {
        }
        &'strait;topics;help;help'= {
        }
        &'strait;lag'= {
            cand --topic 'Only these source topics: a name, a glob, or re: and a regular expression'
            cand --group 'Only these consumer groups: a name, a glob, or re: and a regular expression'
            cand --by 'What has a row [default: partition; group with --group]'
            cand --sort 'What comes first'
            cand --over 'Warn where this holds, such as ''seconds>60 and records>1000'''
            cand -w 'Warn outside this range'
            cand --warning 'Warn outside this range'
            cand -c 'Alert outside this range'
            cand --critical 'Alert outside this range'
            cand --metric 'What --warning, --critical and --wait-below are on'
            cand --textfile 'Write metrics to this file too, for node_exporter; its name ends in .prom'
            cand --samples 'Look this often, and tell the trend from the first look to the last'
            cand --interval 'Time between looks'
            cand --wait-below 'Wait until every partition is below this, for as long as --timeout'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --all 'Show every row, not only the first 20'
            cand --watch 'Look again and again until stopped; drawn in place on a terminal'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;failover'= {
            cand --fence-cmd 'With --planned: a command that stops the writers; what there is by then is copied before it runs'
            cand --quiet-for 'With --planned: how long nothing may be written to the source before the flow is ended'
            cand --drain-timeout 'With --planned: how long copying the rest and coming to rest may take'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --planned 'Copy all of the source first: nothing is lost, nothing is doubled'
            cand --unplanned 'Take what has arrived; the source need not answer'
            cand --dry-run 'Print what would be done and what is missing; change nothing'
            cand --yes 'Do not ask'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;failover-test'= {
            cand --scenario 'What is rehearsed'
            cand --rate 'Records sent per second'
            cand --size 'Bytes of each record''s value'
            cand --partitions 'Partitions of the drill''s topic'
            cand --duration 'How long the application works before something befalls it; half as long in each region after that'
            cand --fault-cmd 'A command that makes the fault, run by sh -c; in place of the drill''s own cut'
            cand --heal-cmd 'The command that mends it; it is run in any case, also when the drill is interrupted'
            cand --max-rpo 'Fail where what is lost is older than this'
            cand --max-rto 'Fail where the application goes on in the target region later than this'
            cand --max-duplicates 'Fail where more records are processed again than this'
            cand --max-lost 'Fail where more acknowledged records are lost than this, announced or not'
            cand --seed 'What chance is made of, in hexadecimal; the same number makes the same faults'
            cand --junit 'Write a JUnit file, with a test case for each promise'
            cand --html 'Write one self-contained HTML page, with the timeline'
            cand --artifacts 'A folder for missing.jsonl, the list of all lost records [default: strait-drill-ID, made where any is lost]'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --sandbox 'Rehearse on two clusters of three brokers in memory instead of the flow''s'
            cand --transactional 'Write in transactions, of which every seventh is aborted'
            cand --compacted 'Use a compacted topic with few keys'
            cand --one-way 'End in the target region, without failing back'
            cand --dry-run 'Print what would be done; make nothing'
            cand --keep 'Leave topics and groups where they are, for a look'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;failback'= {
            cand --stranded 'What becomes of stranded records: `append` copies them behind what the target has by now, `leave` leaves them at the source alone, `export DIR` does too and writes them to files first'
            cand --fence-cmd 'A command that stops the writers at the target; what there is by then is copied back before it runs'
            cand --quiet-for 'How long nothing may be written to the target before the way back counts as done'
            cand --drain-timeout 'How long copying back and coming to rest may take'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand --begin-only 'Begin the flow that goes the other way and stop there: strait replicate can run it'
            cand --dry-run 'Print what is stranded and what would come back; change nothing'
            cand --yes 'Do not ask'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;completions'= {
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;man'= {
            cand --dir 'Write strait.1 and one page per subcommand to this folder, making it where it is missing'
            cand --config 'The configuration [default: strait.toml, from here up to the repository''s root, then XDG]'
            cand --flow 'Only this flow; may be given several times [default: all flows]'
            cand --format 'What stdout carries: text for people, or JSON for programs; some commands have more'
            cand --timeout 'Keep trying this long to reach the clusters at the start, such as 2m [default: one try]'
            cand --color 'When to use colour; NO_COLOR turns it off too'
            cand -q 'Say only what goes wrong'
            cand --quiet 'Say only what goes wrong'
            cand -v 'Log what happens to stderr; -vv more, -vvv everything'
            cand --verbose 'Log what happens to stderr; -vv more, -vvv everything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'strait;help'= {
            cand init 'Write a configuration: from a template, a MirrorMaker 2 file, or a look at the clusters'
            cand replicate 'Copy topics: create what is missing at the target, then copy until told to stop'
            cand status 'Print how far flows are, as they recorded it at the target; nothing is run or changed'
            cand verify 'Compare the copy with the source, record by record; nothing is changed'
            cand validate 'Check the configuration, and the clusters it names; nothing is changed anywhere'
            cand demo 'Show the whole story in half a minute, on this machine alone: copy, lose a region, go on'
            cand sandbox 'Run Kafka clusters in memory on this machine, to try things on; nothing is kept'
            cand groups 'Move consumer groups'' committed offsets to the target, or translate offsets'
            cand topics 'Make the target''s topics like the source''s'
            cand lag 'Print how far flows are behind, by records and by seconds; nothing is run or changed'
            cand failover 'End a flow at the target: what is copied is kept, nobody copies on, and the groups stand in their places'
            cand failover-test 'Rehearse the loss of a region, on the real clusters or in memory, and account for every record'
            cand failback 'Go back to the source of a flow that was ended, with all that came to the target meanwhile'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page, or write all pages to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'strait;help;init'= {
        }
        &'strait;help;replicate'= {
        }
        &'strait;help;status'= {
        }
        &'strait;help;verify'= {
        }
        &'strait;help;validate'= {
        }
        &'strait;help;demo'= {
        }
        &'strait;help;sandbox'= {
        }
        &'strait;help;groups'= {
            cand sync 'Plan or carry out the move of consumer groups'' committed offsets from source to target'
            cand translate 'Translate offsets between source and target, for applications that keep them themselves'
        }
        &'strait;help;groups;sync'= {
        }
        &'strait;help;groups;translate'= {
        }
        &'strait;help;topics'= {
            cand sync 'Make the target''s topics like the source''s: partitions, configs, replicas, ACLs; plans by default'
        }
        &'strait;help;topics;sync'= {
        }
        &'strait;help;lag'= {
        }
        &'strait;help;failover'= {
        }
        &'strait;help;failover-test'= {
        }
        &'strait;help;failback'= {
        }
        &'strait;help;completions'= {
        }
        &'strait;help;man'= {
        }
        &'strait;help;help'= {
        }
    ]
    $completions[$command]
}
