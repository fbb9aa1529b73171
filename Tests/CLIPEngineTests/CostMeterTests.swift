import CLIPEngine
import Testing

@Suite("The meter of costs")
struct CostMeterTests {
    @Test("An image costs what decoding and the network took lately, whatever else they took before")
    func images() {
        let meter = CostMeter()
        #expect(meter.estimate(images: 1, tokens: 1) == 0)
        for _ in 1...32 {
            meter.spendOnDecoding(.milliseconds(20))
            // Two threads share a pass; one of them tells what it finished.
            meter.spendOnImages(.milliseconds(60), finished: 4)
            meter.spendOnImages(.milliseconds(60), finished: 0)
        }
        #expect(abs(meter.estimate(images: 2, tokens: 0) - 0.1) < 1e-9)
        for _ in 1...2000 { meter.spendOnImages(.milliseconds(80), finished: 1) }
        #expect(abs(meter.estimate(images: 1, tokens: 0) - 0.1) < 0.01)
    }

    @Test("Tokens are corrected by how far off their estimates were")
    func tokens() {
        let meter = CostMeter()
        for _ in 1...32 { meter.spendOnTexts(.milliseconds(8), finished: 80) }
        #expect(abs(meter.estimate(images: 0, tokens: 1000) - 0.1) < 1e-9)
        for _ in 1...32 { meter.note(tokens: 30, estimated: 20) }
        #expect(abs(meter.estimate(images: 0, tokens: 1000) - 0.15) < 1e-9)
        #expect(CostMeter.estimatedTokens(of: "a photo of a cat") == 6)
    }
}
