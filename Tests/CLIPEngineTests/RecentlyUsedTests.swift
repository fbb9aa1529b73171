import CLIPEngine
import CLIPTestSupport
import Testing

@Suite("The store of what was recently used")
struct RecentlyUsedTests {
    @Test("What was not used for longest goes first, and reading is using")
    func order() {
        var store = RecentlyUsed<String, Int>(limit: 30)
        for (number, key) in ["a", "b", "c"].enumerated() { store.insert(number, for: key, byteCount: 10) }
        #expect(store.value(of: "a") == 0)
        store.insert(3, for: "d", byteCount: 10)
        #expect(store.value(of: "b") == nil)
        #expect(store.value(of: "a") == 0 && store.value(of: "c") == 2 && store.value(of: "d") == 3)
        store.insert(4, for: "e", byteCount: 25)
        #expect(store.count == 1 && store.byteCount == 25 && store.value(of: "e") == 4)
    }

    @Test("A value that alone is too large is not kept, and takes the older one of its key with it")
    func tooLarge() {
        var store = RecentlyUsed<String, Int>(limit: 10)
        store.insert(1, for: "a", byteCount: 10)
        store.insert(2, for: "b", byteCount: 11)
        #expect(store.value(of: "b") == nil && store.value(of: "a") == 1)
        store.insert(3, for: "a", byteCount: 11)
        #expect(store.value(of: "a") == nil && store.count == 0 && store.byteCount == 0)
        var none = RecentlyUsed<String, Int>(limit: 0)
        none.insert(1, for: "a", byteCount: 1)
        #expect(none.count == 0)
    }

    private final class Weighty: Sendable {}

    private struct Watched {
        weak var value: Weighty?
    }

    @Test("What went is let go of at once, though its place is not needed again")
    func release() {
        var store = RecentlyUsed<Int, Weighty>(limit: 30)
        let watched = (0..<3).map { key in
            let value = Weighty()
            store.insert(value, for: key, byteCount: 10)
            return Watched(value: value)
        }
        #expect(watched.allSatisfy { $0.value != nil })
        store.insert(Weighty(), for: 3, byteCount: 30)
        #expect(store.count == 1)
        #expect(watched.allSatisfy { $0.value == nil })
    }

    @Test("Many turns give what a plain list gives")
    func againstList() {
        var store = RecentlyUsed<UInt64, UInt64>(limit: 100)
        var list: [(key: UInt64, size: Int)] = []
        let numbers = CounterNumbers.integers("recently used", count: 6_000, below: 1 << 30)
        for number in numbers {
            let key = UInt64(number % 40)
            if number & 0x100 == 0 {
                #expect((store.value(of: key) != nil) == list.contains { $0.key == key })
                if let index = list.firstIndex(where: { $0.key == key }) {
                    list.append(list.remove(at: index))
                }
            } else {
                let size = Int(number >> 9 & 15)
                store.insert(key, for: key, byteCount: size)
                list.removeAll { $0.key == key }
                while list.reduce(0, { $0 + $1.size }) + size > 100 { list.removeFirst() }
                list.append((key, size))
            }
            #expect(store.byteCount == list.reduce(0) { $0 + $1.size } && store.count == list.count)
        }
    }
}

@Suite("The hash of an image's bytes")
struct ContentHashTests {
    /// From the authors' reference code, `vectors.h`, whose keys and inputs count up from zero.
    @Test(
        "Is SipHash-2-4 with 128 bits",
        arguments: [
            (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
            (2, "8177228da4a45dc7fca38bdef60affe4"),
        ]
    )
    func vectors(length: Int, expected: String) {
        let key = ContentHash.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
        let hash = ContentHash(of: (0..<length).map { UInt8($0) }, key: key)
        let text = hash.bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        #expect(text == expected)
    }

    @Test("Every byte, the length and the key count")
    func differences() {
        let key = ContentHash.Key(low: 1, high: 2)
        let bytes = [UInt8](repeating: 7, count: 83)
        var hashes: Set<ContentHash> = [ContentHash(of: bytes, key: key)]
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            hashes.insert(ContentHash(of: changed, key: key))
        }
        hashes.insert(ContentHash(of: bytes + [0], key: key))
        hashes.insert(ContentHash(of: Array(bytes.dropLast()), key: key))
        hashes.insert(ContentHash(of: bytes, key: ContentHash.Key(low: 1, high: 3)))
        #expect(hashes.count == 83 + 4)
    }
}
