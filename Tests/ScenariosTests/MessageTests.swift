import Testing

@testable import Scenarios

/// One mistake in the valid scenario, and every problem that is printed for it.
struct Mistake: CustomTestStringConvertible, Sendable {
    var old: String
    var new: String
    var messages: [String]

    init(_ old: String, _ new: String, _ messages: String...) {
        self.old = old
        self.new = new
        self.messages = messages
    }

    var testDescription: String { new }

    func check() {
        let problems = Fixture.problems(Fixture.changed(old, new))
        #expect(problems == messages.map { "s/nat.yaml:\($0)" })
    }
}

@Suite struct MessageTests {
    @Test(arguments: [
        Mistake(
            "format: 1", "format: 2",
            #"1:9: format is "2"; this halfopen reads format 1"#),
        Mistake(
            "format: 1\n", "",
            #"1:1: scenario has no "format": the version of this file's format, 1"#),
        Mistake(
            "format: 1", "formt: 1",
            #"1:1: unknown key "formt" in scenario; did you mean "format"?"#),
        Mistake(
            "name: nat-forgets-idle-subscriber", "name: NAT forgets",
            #"2:7: "NAT forgets" cannot be a name: use a to z, 0 to 9 and "-" inside, a letter first, 64 at most"#
        ),
        Mistake(
            "name: nat-forgets-idle-subscriber", "name:",
            "2:6: name is empty"),
        Mistake(
            "name: nat-forgets-idle-subscriber", "name: [a]",
            "2:7: name must be a text, not a list"),
        Mistake(
            "tags: [nat, mqtt]", "tags: nat mqtt",
            "4:7: tags must be a list: write [nat, mqtt]"),
        Mistake(
            "tags: [nat, mqtt]", "tags: {}",
            "4:7: tags must be a list of texts, not an empty mapping"),
        Mistake(
            "summary: A home router forgets an idle mapping.", "name: again",
            #"3:1: the key "name" stands here already, in line 2"#),
        Mistake(
            "healthy-within: 90s", "healthy-within: 90",
            #"43:17: healthy-within "90" has no unit: write 90s, or one of us, ms, m, h, d"#),
        Mistake(
            "settle: 1m", "setle: 1m",
            #"44:1: unknown key "setle" in scenario; did you mean "settle"?"#),
    ])
    func top(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "delay: 20ms", "delay: 20",
            #"13:40: delay "20" has no unit: write 20s, or one of us, ms, m, h, d"#),
        Mistake(
            "delay: 20ms", "delay: 20 sec",
            #"13:40: delay "20 sec" is not a duration: "sec" is not one of us, ms, s, m, h, d"#),
        Mistake(
            "delay: 20ms", "delay: -20ms",
            #"13:40: delay "-20ms" is not a duration: write a number and one of us, ms, s, m, h, d"#),
        Mistake(
            "delay: 20ms", "delay: .5s",
            #"13:40: delay ".5s" is not a duration: write a number and one of us, ms, s, m, h, d"#),
        Mistake(
            "delay: 20ms", "delay: 2h",
            #"13:40: delay "2h" is out of range: 0s to 1h"#),
        Mistake(
            "delay: 20ms", "delay: 99999999999999999999d",
            #"13:40: delay "99999999999999999999d" is out of range, or finer than can be told"#),
        Mistake(
            "delay: 20ms", "delay: 0.0001us",
            #"13:40: delay "0.0001us" is out of range, or finer than can be told"#),
        Mistake(
            "delay: 20ms", "delay: [20ms]",
            "13:40: delay must be a duration such as 30s, not a list"),
        Mistake(
            "delay: 20ms", "delay:",
            "13:38: not YAML: found unexpected ':', while scanning a plain scalar"),
        Mistake(
            "loss: 0.1%", "loss: 0.1",
            #"13:65: loss "0.1" has no unit: write 0.1%"#),
        Mistake(
            "loss: 0.1%", "loss: some",
            #"13:65: loss "some" is not a percentage, such as 0.1%"#),
        Mistake(
            "loss: 0.1%", "loss: 101%",
            #"13:65: loss "101%" is out of range: 0% to 100%"#),
        Mistake(
            "loss: 0.1%", "loss: 99999999999%",
            #"13:65: loss "99999999999%" is out of range"#),
        Mistake(
            "rate: 2 Mbit/s", "rate: 2",
            #"13:77: rate "2" has no unit: write 2 Mbit/s, or one of bit/s, kbit/s, Gbit/s"#),
        Mistake(
            "rate: 2 Mbit/s", "rate: 2 Mb/s",
            #"13:77: rate "2 Mb/s" is not a rate: "Mb/s" is not one of bit/s, kbit/s, Mbit/s, Gbit/s"#),
        Mistake(
            "rate: 2 Mbit/s", "rate: 2 bit/s",
            #"13:77: rate "2 bit/s" is out of range: 1 kbit/s to 100 Gbit/s"#),
        Mistake(
            "limit: 50", "limit: 5.5",
            #"13:94: limit "5.5" is not a whole number"#),
        Mistake(
            "limit: 50", "limit: 0",
            #"13:94: limit "0" is out of range: 1 to 1000000"#),
        Mistake(
            "memory: 512 MiB", "memory: 512",
            #"15:11: memory "512" has no unit: write 512 MiB, or one of B, kB, KiB, MB, GB, GiB"#),
        Mistake(
            "memory: 512 MiB", "memory: 512 mb",
            #"15:11: memory "512 mb" is not a size: "mb" is not one of B, kB, KiB, MB, MiB, GB, GiB"#),
        Mistake(
            "memory: 512 MiB", "memory: 1 MB",
            #"15:11: memory "1 MB" is out of range: 64 MiB to 64 GiB"#),
        Mistake(
            "start: 2026-01-01T00:00:00Z", "start: 2026-02-29T00:00:00Z",
            #"14:10: start "2026-02-29T00:00:00Z" is not a date such as 2026-01-01T00:00:00Z"#),
        Mistake(
            "start: 2026-01-01T00:00:00Z", "start: yesterday",
            #"14:10: start "yesterday" is not a date such as 2026-01-01T00:00:00Z"#),
        Mistake(
            "start: 2026-01-01T00:00:00Z", "start: 2500-01-01T00:00:00Z",
            #"14:10: start "2500-01-01T00:00:00Z" is out of range: 1970 to 2199"#),
        Mistake(
            "jitter: 2ms", "jitter: 21ms",
            "13:54: jitter 21ms is more than delay 20ms: a packet cannot arrive before it is sent"),
    ])
    func quantities(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "idle-timeout: 5m", "idle-timout: 5m",
            #"9:20: unknown key "idle-timout" in nat; did you mean "idle-timeout"?"#),
        Mistake(
            "on-expiry: drop", "on-expiry: dorp",
            #"9:49: unknown on-expiry "dorp"; did you mean "drop"?"#),
        Mistake(
            "on-expiry: drop", "outside: cloud, outside: phone",
            #"9:54: the key "outside" stands here already, in line 9"#),
        Mistake(
            "on-expiry: drop", "outside: home",
            #"9:47: "home" is neither a link nor a neighbour of "home"; known: phone-home, home-cloud, phone, cloud"#),
        Mistake(
            "on-expiry: drop", "outside: cluod",
            #"9:47: "cluod" is neither a link nor a neighbour of "home"; did you mean "cloud"?"#),
        Mistake(
            "phone: {}", "phone: []",
            "8:12: host phone must be a mapping such as { nat: ... }, not an empty list"),
        Mistake(
            "phone: {}", "Phone: {}",
            #"8:5: "Phone" cannot be a name: use a to z, 0 to 9 and "-" inside, a letter first, 32 at most"#
        ),
        Mistake(
            "phone: {}", "phone: {}\n    phone: {}",
            #"9:5: the key "phone" stands here already, in line 8"#),
        Mistake(
            "phone: {}", "phone: {}\n    seed: {}",
            #"9:5: "seed" cannot be a name: {seed} stands for something else"#),
        Mistake(
            "phone: {}", "phone: {}\n    localhost: {}",
            #"9:5: "localhost" cannot be a name: it is what every host calls itself"#),
        Mistake(
            "phone: {}", "phone: { nat: }",
            #"8:19: the NAT router "phone" has one link; it needs one inside and one outside"#),
        Mistake(
            "between: [phone, home], profile", "between: [phone, hoem], profile",
            #"12:26: unknown host "hoem"; did you mean "home"?"#),
        Mistake(
            "between: [phone, home], profile", "between: [phone, phone], profile",
            #"12:18: a link from "phone" to itself; name two hosts"#),
        Mistake(
            "between: [phone, home], profile", "between: [phone], profile",
            "12:18: between must name two hosts: [a, b]"),
        Mistake(
            "between: [phone, home], profile", "profile",
            #"12:7: link has no "between": the two hosts that it joins"#),
        Mistake(
            "between: [home, cloud]", "between: [phone, home]",
            #"13:7: a second link is called "phone-home"; give one of them another name: name: ..."#),
        Mistake(
            "profile: wifi", "profile: wfi",
            #"12:42: unknown profile "wfi"; did you mean "wifi"?"#),
        Mistake(
            "profile: wifi", "profile: wifi, name: A",
            #"12:54: "A" cannot be a name: use a to z, 0 to 9 and "-" inside, a letter first, 32 at most"#
        ),
        Mistake(
            "  hosts:\n    phone: {}", "  host:\n    phone: {}",
            #"7:3: unknown key "host" in lab; did you mean "hosts"?"#),
        Mistake(
            "  links:\n", "  links: {}\n  links2:\n",
            "11:10: links must be a list such as [{ between: [phone, cloud] }], not an empty mapping",
            #"12:3: unknown key "links2" in lab; did you mean "links"?"#),
    ])
    func labs(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "role: server,", "role: sever,",
            #"18:23: unknown role "sever"; did you mean "server"?"#),
        Mistake(
            "role: server,    on: cloud", "role: server,    on: clod",
            #"18:38: unknown host "clod"; did you mean "cloud"?"#),
        Mistake(
            "role: server,    on: cloud", "on: cloud",
            #"18:15: actor broker has no "role": server, publisher or client"#),
        Mistake(
            "[mosquitto, -p, \"1883\"]", "mosquitto -p 1883",
            "18:50: run must be a list: write [mosquitto, -p, 1883]"),
        Mistake(
            "[mosquitto, -p, \"1883\"]", "[]",
            "18:50: run is empty; it begins with the program: [python3, client.py]"),
        Mistake(
            "[mosquitto, -p, \"1883\"]", "[mosquitto, [-p]]",
            "18:62: an item of run must be a text, not a list"),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, {broker}",
            #"19:71: an item of run must be a text, not a mapping; "#
                + #"YAML reads { } as a mapping, so quote it: "{broker}""#
        ),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{borker}\"",
            #"19:71: {borker} stands for nothing; did you mean "broker"?"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{broker.prot}\"",
            #"19:71: {broker.prot} stands for nothing; did you mean "port"?"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{subscriber.port}\"",
            #"19:71: {subscriber.port}: "subscriber" says no port; give it ready: { port: ... }"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{cloud.port}\"",
            "19:71: {cloud.port}: a host has no port of its own; name an actor"),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{phone}\"",
            #"19:71: {phone}: "cloud" cannot reach "phone": it is behind a NAT router, which lets nobody in"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, '{\"a\": 1}'",
            #"19:71: "{\"a\": 1}" has a { that begins no {name}; to write a brace itself, double it: {{"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{broker\"",
            #"19:71: "{broker" has a { without its }; write {{ for a brace"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"broker}\"",
            #"19:71: "broker}" has a } without its {; write }} for a brace"#),
        Mistake(
            "ready: { port: 1883 }", "ready: { port: 65536 }",
            #"18:90: port "65536" is out of range: 1 to 65535"#),
        Mistake(
            "ready: { port: 1883 }", "ready: { port: 1883, log: up }",
            "18:82: ready takes exactly one of port, log, event"),
        Mistake(
            "ready: { port: 1883 }", "ready: 1883",
            "18:82: ready must be a mapping such as { port: ..., log: ..., event: ... }, not a single value"),
        Mistake(
            "ready: { event: connected }", "ready: { event: conected }",
            #"26:21: unknown event "conected"; did you mean "connected"?"#),
        Mistake(
            "ready: { port: 1883 }", "ready: { port: 1883 }, count: 2",
            #"18:105: count is for clients; "broker" is a server"#),
        Mistake(
            "count: 3", "count: 20001",
            #"27:12: count "20001" is out of range: 1 to 20000"#),
        Mistake(
            "count: 3", "count: three",
            #"27:12: count "three" is not a whole number"#),
        Mistake(
            "folder: drivers", "folder: /drivers",
            #"25:13: folder "/drivers" must be relative to the scenario's folder"#),
        Mistake(
            "EMPTY: \"\"", "9: \"\"",
            #"24:28: "9" cannot be an environment variable: letters, digits and _ only"#),
        Mistake(
            "EMPTY: \"\"", "EMPTY: ",
            #"24:36: EMPTY has no value; write "" for an empty one"#),
        Mistake(
            "EMPTY: \"\"", "EMPTY: \"\\0\"",
            "24:35: this text holds a NUL character, which no program can be given; remove it"),
        Mistake(
            "log-limit: 64 KiB", "log-limit: 64",
            #"29:16: log-limit "64" has no unit: write 64 MiB, or one of B, kB, KiB, MB, GB, GiB"#),
        Mistake(
            "stop-within: 2s", "stop-in: 2s",
            #"28:5: unknown key "stop-in" in actor subscriber; "#
                + #"known: role, on, run, env, folder, ready, count, stop-within, log-limit"#
        ),
        Mistake(
            "  broker:     {", "  home:     {",
            #"18:3: "home" is a host already (line 9); both are names in the lab, so choose another"#),
        Mistake(
            "  broker:     {", "  index:     {",
            #"18:3: "index" cannot be a name: {index} stands for something else"#),
        Mistake(
            "role: client", "role: server",
            "18:3: no actor has role: client; without one there is nothing to test",
            #"27:12: count is for clients; "subscriber" is a server"#,
            #"39:17: recovery is owed by a client; "subscriber" is a server"#,
            #"41:16: backoff is owed by a client; "subscriber" is a server"#),
    ])
    func actors(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "fault: blackhole,", "fault: blackhol,",
            #"32:35: unknown fault "blackhol"; did you mean "blackhole"?"#),
        Mistake(
            "fault: blackhole,", "",
            #"32:5: this item of the timeline has neither "fault" nor "end""#),
        Mistake(
            "until: 15m, ", "",
            "32:5: blackhole goes on until it is healed: say when, until: ..."),
        Mistake(
            "until: 15m, ", "until: 10m, ",
            "32:23: blackhole ends when it begins: until 10m, at 10m"),
        Mistake(
            "until: 15m, ", "until: 9m, ",
            "32:23: blackhole ends before it begins: until 9m, at 10m"),
        Mistake(
            "until: 15m, ", "until: 41m, ",
            "32:23: blackhole until 41m goes on after the end, 40m"),
        Mistake(
            "at: 20m, fault", "at: 20m, until: 21m, fault",
            #"33:16: nat-forget is a moment and has no "until"; remove it"#),
        Mistake(
            "at: 20m, fault", "at: 40m, fault",
            "33:11: nat-forget at 40m is not before the end, 40m"),
        Mistake(
            "at: 20m, fault", "fault",
            #"33:5: nat-forget has no "at": when it strikes, from the timeline's zero"#),
        Mistake(
            "fault: nat-forget, on: home", "fault: nat-forget, on: cloud",
            #"33:39: "cloud" is no NAT router; the lab has home"#),
        Mistake(
            "fault: nat-forget, on: home", "fault: nat-forget, on: hme",
            #"33:39: unknown host "hme"; did you mean "home"?"#),
        Mistake(
            "fault: nat-forget, on: home", "fault: nat-forget",
            #"33:5: nat-forget has no "on": the NAT router that it strikes"#),
        Mistake(
            "of: broker", "of: boker",
            #"35:36: unknown actor "boker"; did you mean "broker"?"#),
        Mistake(
            "of: broker, first: 1", "of: broker, frist: 1",
            #"35:44: unknown key "frist" in hang-up; did you mean "first"?"#),
        Mistake(
            "of: broker, first: 1", "of: broker, first: 1000",
            #"35:51: first "1000" is out of range: 1 to 100"#),
        Mistake(
            "link: home-cloud", "link: home-clou",
            #"34:50: unknown link "home-clou"; did you mean "home-cloud"?"#),
        Mistake(
            "link: home-cloud", "link: home-cloud, between: [home, cloud]",
            #"34:50: "link" and "between" both name the link; keep one"#),
        Mistake(
            "link: home-cloud, direction", "direction",
            #"34:5: latency has no "between" and no "link": the two hosts of the link that it strikes"#),
        Mistake(
            "direction: cloud -> home", "direction: cloud -> phone",
            #"34:73: direction "cloud -> phone" must be both, home -> cloud or cloud -> home"#),
        Mistake(
            "direction: cloud -> home", "direction: cloud->home",
            #"34:73: direction "cloud->home" must be both, home -> cloud or cloud -> home"#),
        Mistake(
            "between: [phone, home], direction", "between: [phone, cloud], direction",
            #"32:55: no link joins "phone" and "cloud"; links join phone and home; home and cloud"#),
        Mistake(
            "between: [phone, home], direction", "between: [phone, hom], direction",
            #"32:63: unknown host "hom"; did you mean "home"?"#),
        Mistake(
            ", delay: 1.5s", "",
            #"34:5: latency has no "delay": How much more, one way."#),
        Mistake(
            "  - { end: 40m }\n", "",
            "32:3: the timeline has no end; its last item says when it ends: { end: 40m }"),
        Mistake(
            "  - { end: 40m }\n", "  - { end: 40m }\n  - { end: 41m }\n",
            "37:5: the timeline has ended already, in line 36"),
        Mistake(
            "  - { end: 40m }\n", "  - { end: 0s }\n",
            "36:5: the timeline ends at 0s, before anything could happen"),
        Mistake(
            "  - { end: 40m }\n", "  - { end: 40m, at: 3m }\n",
            #"36:17: unknown key "at" in end; known: end"#),
        Mistake(
            "  - { end: 40m }\n", "  - end\n  - { end: 40m }\n",
            "36:5: an item of the timeline is { at: ..., fault: ... } or { end: ... }, not a single value"),
        Mistake(
            "  - { end: 40m }\n",
            "  - { at: 14m, until: 16m, fault: blackhole, link: phone-home, direction: phone -> home }\n"
                + "  - { end: 40m }\n",
            "36:5: blackhole strikes the same target as the one in line 32 at the same time"),
        Mistake(
            "  - { end: 40m }\n", "  - { at: 30m, fault: hang-up, of: broker }\n  - { end: 40m }\n",
            "36:5: hang-up strikes the same target as the one in line 35 at the same time"),
    ])
    func timelines(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "recovery: subscriber", "recovry: subscriber",
            #"39:7: unknown expectation "recovry"; did you mean "recovery"?"#),
        Mistake(
            "recovery: subscriber", "recovery: subscribe",
            #"39:17: unknown actor "subscribe"; did you mean "subscriber"?"#),
        Mistake(
            "recovery: subscriber", "recovery: broker",
            #"39:17: recovery is owed by a client; "broker" is a server"#),
        Mistake(
            "after: blackhole, ", "",
            #"39:5: recovery has no "after": The fault that it recovers from."#),
        Mistake(
            "after: blackhole, ", "after: blackhol, ",
            #"39:36: unknown fault "blackhol"; did you mean "blackhole"?"#),
        Mistake(
            "after: blackhole, ", "after: freeze, ",
            #"39:36: after names "freeze", which is not in the timeline: "#
                + #"it has only blackhole, nat-forget, latency, hang-up"#
        ),
        Mistake(
            "within: 30s", "within: 30",
            #"39:55: within "30" has no unit: write 30s, or one of us, ms, m, h, d"#),
        Mistake(
            "stages: { detect: 20s }", "stages: { detekt: 20s }",
            #"39:70: unknown key "detekt" in stages; did you mean "detect"?"#),
        Mistake(
            "stages: { detect: 20s }", "stages: {}",
            "39:68: stages is empty; it takes detect, attempt, connect, message"),
        Mistake(
            "stages: { detect: 20s }", "stages: 20s",
            "39:68: stages must be a mapping such as { detect: ..., attempt: ..., connect: ... }, not a single value"),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker",
            #"40:16: no-gaps takes a flow, SENDER -> RECEIVER, not "ticker""#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: tickr -> subscriber",
            #"40:16: unknown actor "tickr"; did you mean "ticker"?"#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker -> ticker",
            #"40:16: no-gaps: the flow "ticker -> ticker" goes nowhere; name two actors"#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker -> subscriber, within: 3s",
            #"40:38: unknown key "within" in no-gaps; known: no-gaps"#),
        Mistake(
            "factor: 1.5", "factor: 0.5",
            #"41:36: factor "0.5" is out of range: 1 to 10"#),
        Mistake(
            "factor: 1.5", "factor: two",
            #"41:36: factor "two" is not a number, such as 1.5"#),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- { backoff: subscriber, factor: 1.50 }",
            "41:5: the same expectation stands in line 40 already"),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- no-gaps",
            "40:5: an expectation is { KIND: SUBJECT, ... }, not a single value"),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- {}",
            "40:5: an expectation is { KIND: SUBJECT, ... }, not an empty mapping"),
    ])
    func expectations(_ mistake: Mistake) { mistake.check() }
}
