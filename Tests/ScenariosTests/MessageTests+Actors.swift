import Testing

@testable import Scenarios

// Actors, timelines and expectations.
extension MessageTests {
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
            "ticker.py, \"{broker}\"", "ticker.py, \"{broker.key}\"",
            #"19:71: {broker.key}: "broker" has no certificate; give an actor one: certificate: {}"#),
        Mistake(
            "ticker.py, \"{broker}\"", "ticker.py, \"{ca}\"",
            "19:71: {ca}: no actor has a certificate; give one to an actor: certificate: {}"),
        Mistake(
            "ready: { port: 1883 }", "ready: { port: 1883 }, certificate: { names: [\"a,IP:1\"] }",
            "18:121: \"a,IP:1\" is no name of a host: a to z, 0 to 9, \"-\", \".\""),
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
                + #"known: role, on, run, env, folder, ready, count, certificate, stop-within, log-limit"#
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
            #"40:17: recovery is owed by a client; "subscriber" is a server"#,
            #"42:16: backoff is owed by a client; "subscriber" is a server"#),
    ])
    func actors(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "fault: blackhole,", "fault: blackhol,",
            #"32:35: unknown fault "blackhol"; did you mean "blackhole"?"#),
        Mistake(
            "fault: blackhole,", "",
            #"32:5: this item of the timeline has neither "fault" nor "tell" nor "end""#),
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
            "38:5: the timeline has ended already, in line 37"),
        Mistake(
            "  - { end: 40m }\n", "  - { end: 0s }\n",
            "37:5: the timeline ends at 0s, before anything could happen"),
        Mistake(
            "  - { end: 40m }\n", "  - { end: 40m, at: 3m }\n",
            #"37:17: unknown key "at" in end; known: end"#),
        Mistake(
            "  - { end: 40m }\n", "  - end\n  - { end: 40m }\n",
            "37:5: an item of the timeline is "
                + "{ at: ..., fault: ... }, { at: ..., tell: ... } or { end: ... }, not a single value"),
        Mistake(
            "  - { end: 40m }\n",
            "  - { at: 14m, until: 16m, fault: blackhole, link: phone-home, direction: phone -> home }\n"
                + "  - { end: 40m }\n",
            "37:5: blackhole strikes the same target as the one in line 32 at the same time"),
        Mistake(
            "  - { end: 40m }\n", "  - { at: 30m, fault: hang-up, of: broker }\n  - { end: 40m }\n",
            "37:5: hang-up strikes the same target as the one in line 35 at the same time"),
    ])
    func timelines(_ mistake: Mistake) { mistake.check() }

    @Test(arguments: [
        Mistake(
            "recovery: subscriber", "recovry: subscriber",
            #"40:7: unknown expectation "recovry"; did you mean "recovery"?"#),
        Mistake(
            "recovery: subscriber", "recovery: subscribe",
            #"40:17: unknown actor "subscribe"; did you mean "subscriber"?"#),
        Mistake(
            "recovery: subscriber", "recovery: broker",
            #"40:17: recovery is owed by a client; "broker" is a server"#),
        Mistake(
            "after: blackhole, ", "",
            #"40:5: recovery has no "after": The fault that it recovers from."#),
        Mistake(
            "after: blackhole, ", "after: blackhol, ",
            #"40:36: unknown fault "blackhol"; did you mean "blackhole"?"#),
        Mistake(
            "after: blackhole, ", "after: freeze, ",
            #"40:36: after names "freeze", which is not in the timeline: "#
                + #"it has only blackhole, nat-forget, latency, hang-up"#
        ),
        Mistake(
            "within: 30s", "within: 30",
            #"40:55: within "30" has no unit: write 30s, or one of us, ms, m, h, d"#),
        Mistake(
            "stages: { detect: 20s }", "stages: { detekt: 20s }",
            #"40:70: unknown key "detekt" in stages; did you mean "detect"?"#),
        Mistake(
            "stages: { detect: 20s }", "stages: {}",
            "40:68: stages is empty; it takes detect, attempt, connect, message"),
        Mistake(
            "stages: { detect: 20s }", "stages: 20s",
            "40:68: stages must be a mapping such as { detect: ..., attempt: ..., connect: ... }, not a single value"),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker",
            #"41:16: no-gaps takes a flow, SENDER -> RECEIVER, not "ticker""#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: tickr -> subscriber",
            #"41:16: unknown actor "tickr"; did you mean "ticker"?"#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker -> ticker",
            #"41:16: no-gaps: the flow "ticker -> ticker" goes nowhere; name two actors"#),
        Mistake(
            "no-gaps: ticker -> subscriber", "no-gaps: ticker -> subscriber, within: 3s",
            #"41:38: unknown key "within" in no-gaps; known: no-gaps"#),
        Mistake(
            "factor: 1.5", "factor: 0.5",
            #"42:36: factor "0.5" is out of range: 1 to 10"#),
        Mistake(
            "factor: 1.5", "factor: two",
            #"42:36: factor "two" is not a number, such as 1.5"#),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- { backoff: subscriber, factor: 1.50 }",
            "42:5: the same expectation stands in line 41 already"),
        Mistake(
            "states: broker", "states: brokr",
            #"43:15: unknown actor "brokr"; did you mean "broker"?"#),
        Mistake(
            "[up -> down, down -> up]", "[]",
            "43:30: moves is empty: it is a list of texts"),
        Mistake(
            "[up -> down, down -> up]", "up",
            "43:30: moves must be a list: write [up]"),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- no-gaps",
            "41:5: an expectation is { KIND: SUBJECT, ... }, not a single value"),
        Mistake(
            "- { no-gaps: ticker -> subscriber }", "- {}",
            "41:5: an expectation is { KIND: SUBJECT, ... }, not an empty mapping"),
    ])
    func expectations(_ mistake: Mistake) { mistake.check() }
}
