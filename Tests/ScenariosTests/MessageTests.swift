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
            #"45:17: healthy-within "90" has no unit: write 90s, or one of us, ms, m, h, d"#),
        Mistake(
            "settle: 1m", "setle: 1m",
            #"46:1: unknown key "setle" in scenario; did you mean "settle"?"#),
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
}
