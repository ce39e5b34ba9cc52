import Recordings
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "10.77.1.2", "255.255.255.255", "fd00::1", "::ffff:10.0.0.1", "", "10.77.1", "10.77.1.2.3",
        "256.0.0.1", "010.0.0.1", "1..2.3", "1.2.3.", "00.0.0.0",
    ])
    func `what is written is what was read`(_ text: String) {
        #expect(IPAddress(text).description == text)
    }

    @Test func `two addresses are one when their texts are`() {
        let texts = ["10.0.0.1", "10.0.0.2", "0.0.0.0", "", "fd00::1", "010.0.0.1"]
        for a in texts {
            for b in texts {
                #expect((IPAddress(a) == IPAddress(b)) == (a == b))
                #expect((Set([IPAddress(a), IPAddress(b)]).count == 1) == (a == b))
            }
        }
    }
}
