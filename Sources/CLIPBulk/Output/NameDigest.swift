/// A number of 64 bits that tells lists of names from each other (FNV-1a); nobody who means harm chooses them.
struct NameDigest {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    init(of bytes: [UInt8]) {
        add(bytes)
    }

    /// Adds a name; its end counts, too.
    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { take(byte) }
        take(0)
    }

    private mutating func take(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// Sixteen hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
