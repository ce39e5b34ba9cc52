import Judging
import Testing

@Suite struct Times {
    @Test(
        arguments: [
            (0.0, "0s"), (0.5, "0.5s"), (-3, "-3s"), (59.9996, "1m"), (60, "1m"), (61, "1m01s"), (1201.25, "20m01.25s"),
            (3600, "1h"), (3601, "1h00m01s"), (3660, "1h01m"), (36_000 + 754.5, "10h12m34.5s"), (86400 * 30, "720h"),
        ] as [(Double, String)])
    func onTheTimeline(seconds: Double, text: String) {
        #expect(Duration.seconds(seconds).timelineText == text)
    }

    @Test(
        arguments: [
            (0.0, "0 s"), (116, "116 s"), (20.054, "20.05 s"), (0.35, "350 ms"), (0.0002, "0.2 ms"), (-2, "-2 s"),
            (100.1, "100.1 s"),
        ] as [(Double, String)])
    func lengths(seconds: Double, text: String) {
        #expect(Duration.seconds(seconds).lengthText == text)
    }
}
