import Glibc
import Kernel
import Labs
import Netlink
import Nftables
import Scenarios
import Testing

extension KernelTests {
    /// What is on the wires of a lab, and what is not; and what a lab leaves alone.
    @Suite struct LabsWireTests {
        @Test func `every frame is IPv4, no longer than the link allows, with a true checksum`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let capture = try TestCapture(in: lab.link("a-b").namespace)
            let listener = try TestListener(in: lab.host("b").namespace.raw, port: 7000)
            let client = try TestConnection(from: lab.host("a").namespace.raw, to: "10.77.0.6", port: 7000)
            let server = try listener.accept()
            let text = String(repeating: "x", count: 20_000)
            #expect(client.say(text))
            var heard = 0
            while heard < text.utf8.count, case .bytes(let part) = server.hear() { heard += part.utf8.count }
            #expect(heard == text.utf8.count)
            // Long enough for whatever a kernel sends unasked.
            sleep(3600)
            server.say("still there")
            #expect(client.hear() == .bytes("still there"))
            let frames = capture.frames()
            // Each of them twice: as it comes in and as it leaves.
            #expect(frames.count > 2 * 20_000 / 1500)
            for frame in frames {
                try #require(Array(frame[12..<14]) == [8, 0], "\(frame)")
                #expect(frame.count <= 1514)
                #expect(Self.hasTrueChecksum(frame))
            }
            #expect(frames.map(\.count).max() == 1514)
        }

        /// RFC 1071 over TCP's pseudo header and segment: the sum of it all is all ones.
        private static func hasTrueChecksum(_ frame: [UInt8]) -> Bool {
            let packet = Array(frame[14...])
            let total = Int(packet[2]) << 8 | Int(packet[3])
            let segment = Array(packet[20..<total])
            let pseudo = Array(packet[12..<20]) + [0, 6, UInt8(segment.count >> 8), UInt8(segment.count & 255)]
            var bytes = pseudo + segment
            if bytes.count % 2 == 1 { bytes.append(0) }
            var sum = 0
            for index in stride(from: 0, to: bytes.count, by: 2) {
                sum += Int(bytes[index]) << 8 | Int(bytes[index + 1])
            }
            while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
            return sum == 0xffff
        }

        @Test func `no device has an offload, where a new one has`() throws {
            let lab = try Lab(TestLab.natted(), seed: 1)
            for host in lab.hosts {
                let routes = try RouteSocket(in: host.namespace)
                for interface in host.interfaces { #expect(try !routes.hasOffloads(interface.device)) }
            }
            for wire in lab.wires {
                let routes = try RouteSocket(in: wire.namespace)
                #expect(try !routes.hasOffloads(wire.first.device))
                #expect(try !routes.hasOffloads(wire.second.device))
            }
            let plain = try NetworkNamespace(for: "a test")
            let routes = try RouteSocket(in: plain)
            func end(_ index: Int32) -> VethEnd {
                VethEnd(
                    device: "v\(index)", index: index,
                    hardwareAddress: HardwareAddress([2, 0, 0, 0, 0, UInt8(index)]))
            }
            try routes.makeVeth(end(101), peer: end(102), in: plain)
            #expect(try routes.hasOffloads("v101"))
        }

        @Test func `the namespace of this process stays as it was, and nothing is left`() throws {
            let own = try NetworkNamespace.current()
            let routes = try RouteSocket(in: own)
            let tables = try NFTables(in: own)
            func inventory() throws -> [String] {
                [
                    "\(try routes.devices())", try tables.ruleset(),
                    Files.text("/proc/thread-self/mountinfo") ?? "?",
                    Files.text("/proc/thread-self/net/route") ?? "?",
                    "\(try Files.list("/proc/self/fd").count)",
                    "\((try? Files.list("/run/netns")) ?? [])",
                ]
            }
            func namespace() -> UInt {
                var status = stat()
                stat("/proc/thread-self/ns/net", &status)
                return status.st_ino
            }
            let (before, home) = (try inventory(), namespace())
            do {
                let lab = try Lab(TestLab.natted(), seed: 1)
                try lab.link("phone-home").drop(id: "hole", from: nil)
                let during = try inventory()
                #expect(during[0] == before[0] && during[1] == before[1] && during[2] == before[2])
                #expect(during[4] != before[4])
                #expect(namespace() == home)
            }
            #expect(try inventory() == before)
        }

        @Test func `hosts speak cubic, and the lab kernel lacks nothing`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let socket = try lab.host("a").namespace.socket(AF_INET, Int32(SOCK_STREAM.rawValue))
            var name = [UInt8](repeating: 0, count: 16)
            var length = socklen_t(name.count)
            #expect(getsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &length) == 0)
            #expect(name.prefix { $0 != 0 } == ArraySlice("cubic".utf8))
            #expect(Capability.missing(for: TestLab.natted(), impaired: true) == [])
            let rated = TestLab.pair(TestLab.impairment(delay: .seconds(1), rate: 1_000_000))
            #expect(Capability.missing(for: rated) == [])
            #expect(Files.text("/proc/sys/net/netfilter/nf_conntrack_max") == "262144\n")
        }

        @Test func `a refusal names the object, and carries the kernel's words`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let routes = try RouteSocket(in: lab.host("a").namespace)
            let address = IPv4Address("10.77.0.1")!
            #expect {
                try routes.add(address, prefix: 30, to: 101)
            } throws: {
                "\($0)".hasPrefix("cannot add the address 10.77.0.1/30 in host a: File exists")
                    && ($0 as? NetlinkError)?.code == EEXIST
            }
            #expect {
                try routes.addRoute(to: address, via: IPv4Address("192.0.2.1")!, on: 101)
            } throws: { ($0 as? NetlinkError)?.detail == "Nexthop has invalid gateway" }
            let tables = try NFTables(in: lab.host("a").namespace)
            #expect {
                try tables.run("add rule inet nowhere chain drop")
            } throws: { "\($0)".contains("add rule inet nowhere chain drop") && "\($0)".contains("host a") }
        }
    }

    @Suite struct LabsNamesTests {
        @Test func `every host and every actor has a line`() {
            let text = Names.hostsFile(
                TestLab.natted(), actors: [("broker", "cloud"), ("subscriber", "phone"), ("local", "nowhere")])
            #expect(
                text == """
                    127.0.0.1 localhost
                    10.77.0.1 phone
                    10.77.0.6 home
                    10.77.1.6 cloud
                    10.77.1.6 broker
                    10.77.0.1 subscriber
                    127.0.0.1 local

                    """)
        }

        @Test func `an installed name resolves, and no other does`() throws {
            if access("/run", W_OK) != 0 {
                try System.call("mount /run") { mount("tmpfs", "/run", "tmpfs", 0, nil) }
            }
            let lab = try Lab(TestLab.natted(), seed: 1)
            defer { withExtendedLifetime(lab) {} }
            let phone = lab.host("phone")
            try Names.install(hostsFile: Names.hostsFile(TestLab.natted(), actors: [("broker", "cloud")]))
            #expect(try lookUp("broker", on: phone) == "10.77.1.6")
            #expect(try lookUp("localhost", on: phone) == "127.0.0.1")
            #expect(try lookUp("nobody", on: phone) == nil)
            for file in ["hosts", "nsswitch.conf", "resolv.conf"] { umount("/etc/\(file)") }
        }

        /// In a process of its own: a resolver that has read the old files would not look again.
        private func lookUp(_ name: String, on host: LabHost) throws -> String? {
            let ends = try Descriptor.pipe()
            let reader = Descriptor(owning: ends.reader)
            let writer = Descriptor(owning: ends.writer)
            let null = try Descriptor.open("/dev/null", O_RDWR)
            var request = SpawnRequest(
                program: "getent", arguments: ["ahostsv4", name], input: null.raw, output: writer.raw, error: 2)
            request.networkNamespace = host.namespace.raw
            let child = try ChildProcess(request)
            waitpid(child.pid, nil, 0)
            let text = try reader.read().map { String(decoding: $0, as: UTF8.self) }
            return text?.split(separator: " ").first.map(String.init)
        }
    }
}
