/// What comes before the pixels of a lossless WebP (VP8L): images for its transforms and for its sets of codes.
///
/// The last of these says which set of codes each block of pixels uses. The decoder builds tables for every set. They
/// take at least five kilobytes, and a set takes only 20 bits in the file. So the sets are counted here first, by
/// reading everything before the pixels (RFC 9649).
struct LosslessWebPHead {
    /// An upper bound on the sets of codes.
    private(set) var groups = 1
    /// The total number of pixels of the images before the picture itself.
    private(set) var blocks = 0
    private(set) var cacheBits = 0
    private var hasPrediction = false
    private var hasColours = false

    /// Reads the head; nil if it is damaged or ends early.
    ///
    /// - Parameter body: the chunk's content, from its first byte on.
    init?(_ body: FileFields, stop: DecodeStop) throws(ImagingError) {
        var bits = LowBits(body.bytes)
        guard bits.next(8) == 0x2F else { return nil }
        var width = bits.next(14) + 1
        let height = bits.next(14) + 1
        guard bits.next(4) & 0xE == 0 else { return nil }
        var seen: Set<Int> = []
        while bits.next(1) == 1 {
            let kind = bits.next(2)
            guard seen.insert(kind).inserted else { return nil }
            hasPrediction = hasPrediction || kind == 0
            hasColours = hasColours || kind == 1
            switch kind {
            case 0, 1:
                let shift = bits.next(3) + 2
                guard try readImage(&bits, Self.blocks(width, shift), Self.blocks(height, shift), stop) != nil
                else {
                    return nil
                }
            case 3:
                let colours = bits.next(8) + 1
                guard try readImage(&bits, colours, 1, stop) != nil else { return nil }
                width = Self.blocks(width, colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3)
            default: break
            }
        }
        guard let cache = Self.cache(&bits) else { return nil }
        cacheBits = cache
        if bits.next(1) == 1 {
            let shift = bits.next(3) + 2
            let (across, down) = (Self.blocks(width, shift), Self.blocks(height, shift))
            guard let largest = try readImage(&bits, across, down, stop) else { return nil }
            groups = min(largest + 1, across * down)
        }
        guard !bits.isOver else { return nil }
    }

    /// The bytes that the decoder holds for the head.
    var memoryBytes: Int {
        // The sizes are those of kTableSize and HTreeGroup in libwebp's vp8l_dec.c.
        let ofGreen = [654, 656, 658, 662, 670, 686, 718, 782, 912, 1168, 1680, 2704][cacheBits]
        return groups.times((3 * 630 + 410 + ofGreen) * 4 + 600).plus(blocks.times(4)).plus(1 << 16)
    }

    /// The decoder's work that cannot be stopped, in pixels of a picture without transforms, which took 4.2 ns each.
    ///
    /// Prediction takes 5 ns more in its most expensive mode, colour transforms 1.6 ns, and the tables of a set 6.7 us.
    func work(pixels: Int) -> Int {
        let tenths = 10 + (hasPrediction ? 12 : 0) + (hasColours ? 4 : 0)
        return (pixels.times(tenths) / 10).plus(blocks).plus(groups.times(1600))
    }

    private static func blocks(_ length: Int, _ shift: Int) -> Int { (length + 1 << shift - 1) >> shift }

    /// Reads the bits of the colour cache, 0 for none; nil if they are too many.
    private static func cache(_ bits: inout LowBits) -> Int? {
        guard bits.next(1) == 1 else { return 0 }
        let cache = bits.next(4)
        return 1...11 ~= cache ? cache : nil
    }

    /// Skips an image and returns the largest number that its red and green make together; nil if it is damaged.
    private mutating func readImage(
        _ bits: inout LowBits,
        _ width: Int,
        _ height: Int,
        _ stop: DecodeStop
    ) throws(ImagingError) -> Int? {
        guard let cache = Self.cache(&bits),
            let green = PrefixCode(&bits, 256 + 24 + (cache > 0 ? 1 << cache : 0)),
            let red = PrefixCode(&bits, 256), let blue = PrefixCode(&bits, 256),
            let alpha = PrefixCode(&bits, 256),
            let distance = PrefixCode(&bits, 40)
        else { return nil }
        let count = width * height
        blocks += count
        var largest = 0
        var done = 0
        var turns = 0
        while done < count {
            turns += 1
            if turns % (1 << 16) == 0 { try stop.check() }
            let symbol = green.next(&bits)
            if symbol < 256 {
                largest = max(largest, red.next(&bits) << 8 | symbol)
                _ = blue.next(&bits)
                _ = alpha.next(&bits)
                done += 1
                // All pixels are equal if they take no bits.
                if green.isOne, red.isOne, blue.isOne, alpha.isOne { break }
            } else if symbol < 256 + 24 {
                // A copy repeats pixels that were already examined.
                done += Self.length(symbol - 256, &bits)
                _ = Self.length(distance.next(&bits), &bits)
                guard done <= count else { return nil }
            } else {
                done += 1
            }
            guard !bits.isOver else { return nil }
        }
        return bits.isOver ? nil : largest
    }

    private static func length(_ symbol: Int, _ bits: inout LowBits) -> Int {
        guard symbol >= 4 else { return symbol + 1 }
        let more = (symbol - 2) >> 1
        return (2 + symbol & 1) << more + bits.next(more) + 1
    }
}

/// A prefix code of a lossless WebP, of up to fifteen bits.
private struct PrefixCode {
    /// Maps the next bits of the file to a symbol, and in the low four bits to the code's length.
    private let table: [UInt16]
    /// The number of bits of the longest code.
    private let most: Int
    /// Whether there is a single symbol, which takes no bits.
    let isOne: Bool

    private static let longest = 15

    /// Reads the code; nil if it is damaged.
    init?(_ bits: inout LowBits, _ symbols: Int) {
        var lengths = [UInt8](repeating: 0, count: symbols)
        if bits.next(1) == 1 {
            let isSecond = bits.next(1) == 1
            let first = bits.next(bits.next(1) == 1 ? 8 : 1)
            for symbol in isSecond ? [first, bits.next(8)] : [first] where symbol < symbols {
                lengths[symbol] = 1
            }
        } else {
            guard Self.read(&lengths, &bits) else { return nil }
        }
        guard !bits.isOver else { return nil }
        self.init(lengths)
    }

    private init?(_ lengths: [UInt8]) {
        var counts = [Int](repeating: 0, count: Self.longest + 1)
        for length in lengths { counts[Int(length)] += 1 }
        let used = lengths.count - counts[0]
        isOne = used == 1
        let most = isOne ? 0 : (1...Self.longest).last { counts[$0] > 0 } ?? 0
        self.most = most
        if isOne {
            guard let symbol = lengths.firstIndex(where: { $0 > 0 }) else { return nil }
            table = [UInt16](repeating: UInt16(symbol << 4), count: 1)
            return
        }
        // These are the next codes of each length; only complete codes are accepted.
        var starts = [Int](repeating: 0, count: Self.longest + 2)
        for length in 1...Self.longest { starts[length + 1] = (starts[length] + counts[length]) << 1 }
        guard used > 0, starts[Self.longest + 1] == 1 << (Self.longest + 1) else { return nil }
        table = [UInt16](unsafeUninitializedCapacity: 1 << most) { table, count in
            for (symbol, length) in lengths.enumerated() where length > 0 {
                let length = Int(length)
                var code = 0
                for bit in 0..<length where starts[length] >> bit & 1 == 1 { code |= 1 << (length - 1 - bit) }
                starts[length] += 1
                for place in stride(from: code, to: 1 << most, by: 1 << length) {
                    table[place] = UInt16(symbol << 4 | length)
                }
            }
            count = 1 << most
        }
    }

    /// Reads the lengths of the codes, which are coded themselves.
    private static func read(_ lengths: inout [UInt8], _ bits: inout LowBits) -> Bool {
        let order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
        let count = bits.next(4) + 4
        guard count <= order.count else { return false }
        var ofLengths = [UInt8](repeating: 0, count: order.count)
        for index in order.prefix(count) { ofLengths[index] = UInt8(bits.next(3)) }
        guard !bits.isOver, let code = PrefixCode(ofLengths) else { return false }
        var most = lengths.count
        if bits.next(1) == 1 {
            most = 2 + bits.next(2 + 2 * bits.next(3))
            guard most <= lengths.count else { return false }
        }
        var symbol = 0
        var last: UInt8 = 8
        while symbol < lengths.count, most > 0, !bits.isOver {
            most -= 1
            let length = code.next(&bits)
            if length < 16 {
                lengths[symbol] = UInt8(length)
                symbol += 1
                if length > 0 { last = UInt8(length) }
            } else {
                let times =
                    length == 16 ? bits.next(2) + 3 : length == 17 ? bits.next(3) + 3 : bits.next(7) + 11
                guard symbol + times <= lengths.count else { return false }
                if length == 16 {
                    for index in symbol..<symbol + times { lengths[index] = last }
                }
                symbol += times
            }
        }
        return true
    }

    func next(_ bits: inout LowBits) -> Int {
        if isOne { return Int(table[0] >> 4) }
        let found = table[bits.peek(most)]
        bits.drop(Int(found & 15))
        return Int(found >> 4)
    }
}

/// Reads numbers of any number of bits, the lowest bit first.
private struct LowBits {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var held: UInt64 = 0
    private var count = 0
    /// Whether more was read than there is.
    private(set) var isOver = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Up to 32 bits without moving on; zeroes after the end.
    mutating func peek(_ wanted: Int) -> Int {
        while count < wanted, position < bytes.count {
            held |= UInt64(bytes[position]) << UInt64(count)
            position += 1
            count += 8
        }
        return Int(held & (1 << UInt64(wanted) - 1))
    }

    /// Moves on over bits that were peeked at.
    mutating func drop(_ bits: Int) {
        isOver = isOver || bits > count
        held >>= UInt64(bits)
        count = max(0, count - bits)
    }

    mutating func next(_ wanted: Int) -> Int {
        let value = peek(wanted)
        drop(wanted)
        return value
    }
}
