import CLIPEngine
import CLIPTestSupport
import Testing

@Suite("Half precision")
struct HalfFloatTests {
    @Test("Numbers round as numpy rounds them")
    func golden() {
        // numpy 2.4.6: np.array([...], np.float32).astype(np.float16).view(np.uint16)
        let golden: [(Float, UInt16)] = [
            (0, 0), (-0.0, 0x8000), (1, 0x3C00), (-2, 0xC000), (65504, 0x7BFF), (65519.996, 0x7BFF),
            (65520, 0x7C00), (-1e9, 0xFC00), (.infinity, 0x7C00), (0x1p-14, 0x0400), (0x1p-24, 0x0001),
            (0x1p-25, 0x0000), (0x1.000002p-25, 0x0001), (0x1.8p-24, 0x0002), (0x1.4p-23, 0x0002),
            (0x1.FFAp-15, 0x03FF), (0x1.FFCp-15, 0x0400), (0x1.FFEp-15, 0x0400), (1.0004883, 0x3C00),
            (1.0014648, 0x3C02),
            (1.0004885, 0x3C01), (0.1, 0x2E66), (Float(bitPattern: 0x1_16C2), 0),
            (Float(bitPattern: 0x7FC0_0000), 0x7E00),
            (Float(bitPattern: 0x7F80_0001), 0x7C01), (Float(bitPattern: 0xFFFF_E000), 0xFFFF),
        ]
        for (value, bits) in golden { #expect(HalfFloat.bits(of: value) == bits, "\(value)") }
    }

    /// The exact value of a half's bits.
    private func value(of bits: UInt16) -> Double {
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
        let magnitude =
            exponent == 0
            ? fraction * 0x1p-24
            : (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    @Test("Every half stays itself, and between two of them the nearer one is taken")
    func nearest() {
        for bits in UInt16(0)..<0x7C00 {
            #expect(HalfFloat.bits(of: Float(value(of: bits))) == bits)
            #expect(Double(HalfFloat.value(of: bits | 0x8000)) == -value(of: bits))
            guard bits < 0x7BFF else { continue }
            let (low, high) = (value(of: bits), value(of: bits + 1))
            let middle = Float((low + high) / 2)
            let even = bits & 1 == 0 ? bits : bits + 1
            let found = [middle.nextDown, middle, middle.nextUp].map(HalfFloat.bits)
            if found != [bits, even, bits + 1] { Issue.record("\(bits): \(found)") }
            #expect(HalfFloat.bits(of: -middle) == even | 0x8000)
        }
    }
}
