import CLinux
import Glibc
import Kernel
import Netlink
import Nftables
import Testing

extension KernelTests {
    /// Connections over loopback in a namespace that tracks them.
    @Suite struct ConntrackTests {
        let namespace: NetworkNamespace
        let tracking: Conntrack
        let listener: TestListener

        init() throws {
            namespace = try NetworkNamespace(for: "home")
            try TestRig.raiseLoopback(in: namespace.raw)
            // Some rule must ask for connections, or the kernel tracks none.
            try NFTables(in: namespace).run(
                "table inet t { chain output { type filter hook output priority 0; ct state new accept; }; }")
            try Conntrack.prepare(namespace: namespace.raw, host: "home")
            tracking = try Conntrack(namespace: namespace.raw, host: "home", events: true)
            listener = try TestListener(in: namespace.raw, port: 7000)
        }

        private func connect() throws -> TestConnection {
            try TestConnection(from: namespace.raw, to: "127.0.0.1", port: 7000)
        }

        @Test func `tells a connection's beginning and its orderly end`() throws {
            let before = Clock.now
            let client = try connect()
            let server = try listener.accept()
            let up = try tracking.read()
            #expect(up.lost == 0)
            #expect(up.events.map(\.change) == [.new, .updated, .updated])
            #expect(up.events.map(\.entry.tcpState) == [.synSent, .synReceived, .established])
            let flow = up.events[0].entry.original
            #expect(flow.destination == TransportAddress(address: "127.0.0.1", port: 7000))
            #expect(up.events[0].entry.reply.source == flow.destination)
            #expect(up.events[0].entry.reply.destination == flow.source)

            shutdown(client.descriptor.raw, Int32(SHUT_WR))
            #expect(server.hear() == .end)
            shutdown(server.descriptor.raw, Int32(SHUT_WR))
            #expect(client.hear() == .end)
            let closed = Clock.now
            // TIME_WAIT is kept for two minutes; nobody looks for an hour.
            sleep(3600)
            #expect(try tracking.entries().isEmpty)
            let end = try #require(try tracking.read().events.last)
            #expect(end.change == .destroyed(.closed))
            #expect(end.entry.original == flow)
            #expect(end.stamp == .kernel)
            #expect(abs(end.time - closed - 120_000_000_000) < 20_000_000)
            let started = try #require(end.started)
            #expect(abs(started - before) < 1_000_000)
        }

        @Test func `an entry whose time is over has expired, at its time, whenever that is noticed`() throws {
            let client = try connect()
            let entry = try #require(try tracking.entries().first)
            #expect(entry.isEstablished)
            #expect(entry.timeout > .seconds(400_000))
            let set = Clock.now
            #expect(try tracking.setTimeout(of: entry, to: .seconds(30)))
            let shorter = try #require(try tracking.entries().first).timeout
            #expect(shorter == .seconds(29) || shorter == .seconds(30))
            sleep(600)
            _ = try tracking.entries()
            let end = try #require(try tracking.read().events.last)
            #expect(end.change == .destroyed(.expired))
            #expect(end.stamp == .kernel)
            // To the tick of the kernel, 10 ms.
            #expect(abs(end.time - set - 30_000_000_000) <= 20_000_000)
            #expect(client.hear(within: .zero) == .silence)
        }

        @Test func `an entry that we delete is forgotten`() throws {
            let clients = try [connect(), connect()]
            let entries = try tracking.entries()
            #expect(entries.count == 2)
            _ = try tracking.read()
            #expect(try tracking.delete(entries[0]))
            let events = try tracking.read().events
            #expect(events.map(\.change) == [.destroyed(.forgotten)])
            #expect(events.first?.entry.original == entries[0].original)
            #expect(try tracking.delete(entries[0]) == false)
            #expect(try tracking.setTimeout(of: entries[0], to: .seconds(5)) == false)
            #expect(try tracking.entries().map(\.id) == [entries[1].id])
            try tracking.flush()
            #expect(try tracking.read().events.map(\.change) == [.destroyed(.forgotten)])
            #expect(try tracking.entries().isEmpty)
            withExtendedLifetime(clients) {}
        }

        @Test func `a reset connection is closed`() throws {
            var client: TestConnection? = try connect()
            let server = try listener.accept()
            // Without lingering, close(2) sends RST.
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(client!.descriptor.raw, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            client = nil
            #expect(server.hear() == .failed(ECONNRESET))
            sleep(600)
            _ = try tracking.entries()
            #expect(try tracking.read().events.last?.change == .destroyed(.closed))
        }

        @Test func `says when the kernel had to discard events`() throws {
            let small = try Conntrack(namespace: namespace.raw, host: "home", events: true, buffer: 4096)
            let clients = try (0..<50).map { _ in try connect() }
            let batch = try small.read()
            #expect(batch.lost > 0)
            #expect(batch.events.count < 150)
            #expect(try tracking.read().events.count == 150)
            // It goes on after that.
            try tracking.flush()
            #expect(try !small.read().events.isEmpty)
            withExtendedLifetime(clients) {}
        }
    }

    @Suite struct SocketDiagnosisTests {
        let namespace: NetworkNamespace
        let diagnosis: SocketDiagnosis
        let listener: TestListener

        init() throws {
            namespace = try NetworkNamespace(for: "cloud")
            try TestRig.raiseLoopback(in: namespace.raw)
            diagnosis = try SocketDiagnosis(namespace: namespace.raw, host: "cloud")
            listener = try TestListener(in: namespace.raw, port: 7000)
        }

        private func connect() throws -> TestConnection {
            try TestConnection(from: namespace.raw, to: "127.0.0.1", port: 7000)
        }

        @Test func `lists sockets with their state, ends and queues`() throws {
            let client = try connect()
            let server = try listener.accept()
            client.say("unread")
            let waiting = try connect()
            #expect(try diagnosis.count().map(\.state.name) == ["ESTABLISHED", "LISTEN"])
            #expect(try diagnosis.count().map(\.count) == [4, 1])
            let mine = try #require(
                try diagnosis.sockets(in: [.established]).first { $0.inode == TestRig.inode(of: server.descriptor.raw) }
            )
            #expect(mine.local == TransportAddress(address: "127.0.0.1", port: 7000))
            #expect(mine.remote.address == "127.0.0.1")
            #expect(mine.unread == 6)
            // The one that nobody has accepted is nobody's; the listener tells how many wait.
            #expect(try diagnosis.sockets(in: [.established]).count { $0.inode == 0 } == 1)
            #expect(try diagnosis.sockets(in: [.listen]).map(\.unread) == [1])
            shutdown(client.descriptor.raw, Int32(SHUT_WR))
            #expect(try diagnosis.sockets(in: [.closeWait]).map(\.inode) == [mine.inode])
            withExtendedLifetime(waiting) {}
        }

        @Test func `destroys the one it is asked to, with RST to the peer`() throws {
            let (first, second) = (try connect(), try connect())
            let (one, two) = (try listener.accept(), try listener.accept())
            let victim = try #require(
                try diagnosis.sockets(in: [.established]).first { $0.inode == TestRig.inode(of: one.descriptor.raw) })
            #expect(try diagnosis.destroy([victim]) == 1)
            #expect(first.hear() == .failed(ECONNRESET))
            #expect(one.hear() == .failed(ECONNABORTED))
            #expect(try diagnosis.destroy([victim]) == 0)
            #expect(second.say("alive"))
            #expect(two.hear() == .bytes("alive"))
        }

        @Test func `destroys as many as it is asked to, past those that are gone`() throws {
            // More than go into one message to the kernel, twice.
            let pairs = try (0..<150).map { _ in (client: try connect(), server: try listener.accept()) }
            let own = Set(pairs.map { TestRig.inode(of: $0.server.descriptor.raw) })
            let all = try diagnosis.sockets(in: [.established]).filter { own.contains($0.inode) }
            #expect(all.count == 150)
            let gone = [0, 63, 64, 100, 149].map { all[$0] }
            #expect(try diagnosis.destroy(gone) == 5)
            #expect(try diagnosis.destroy(all) == 145)
            #expect(try diagnosis.sockets(in: [.established]).isEmpty)
            #expect(pairs.allSatisfy { $0.client.hear() == .failed(ECONNRESET) })
            #expect(try diagnosis.destroy([]) == 0)
        }

        @Test func `sees IPv6 sockets, and IPv4 through them`() throws {
            let six = try TestListener(in: namespace.raw, port: 7006, family: AF_INET6)
            let client = try TestConnection(from: namespace.raw, to: "127.0.0.1", port: 7006)
            let server = try six.accept()
            let socket = try #require(
                try diagnosis.sockets(in: [.established]).first { $0.inode == TestRig.inode(of: server.descriptor.raw) }
            )
            #expect(socket.local == TransportAddress(address: "127.0.0.1", port: 7006))
            #expect(try diagnosis.destroy([socket]) == 1)
            #expect(client.hear() == .failed(ECONNRESET))
        }
    }
}
