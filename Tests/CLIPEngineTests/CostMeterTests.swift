import CLIPEngine
import Testing

@Suite("The meter of costs")
struct CostMeterTests {
    @Test("An item costs what those that were finished lately took")
    func average() {
        let meter = CostMeter()
        #expect(meter.estimate(images: 1, tokens: 1) == 0)
        for _ in 1...32 {
            meter.spendOnImages(.milliseconds(50))
            meter.spendOnTexts(.milliseconds(8))
            meter.finish(images: 1, tokens: 80)
        }
        #expect(abs(meter.estimate(images: 2, tokens: 0) - 0.1) < 1e-9)
        #expect(abs(meter.estimate(images: 0, tokens: 1000) - 0.1) < 1e-9)
        for _ in 1...2000 {
            meter.spendOnImages(.milliseconds(100))
            meter.finish(images: 1, tokens: 0)
        }
        #expect(abs(meter.estimate(images: 1, tokens: 0) - 0.1) < 0.01)
    }
}
