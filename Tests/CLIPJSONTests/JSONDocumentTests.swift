import CLIPJSON
import CLIPTestSupport
import Foundation
import Testing

@Suite("Reading JSON")
struct JSONDocumentTests {
    private struct Golden: Decodable {
        let text: String
        let value: String?
        let error: String?
        let position: Int?
        let refused: Bool?
    }

    @Test("Texts are read, and refused with the reason and position that Python gives")
    func python() throws {
        let goldens = try Fixture.decode([Golden].self, from: "wire/syntax.json")
        #expect(goldens.count > 900)
        for golden in goldens {
            do throws(JSONError) {
                let value = try JSONDocument.read(Array(golden.text.utf8))
                #expect(canonical(value) == golden.value, "\(golden.text.debugDescription)")
            } catch {
                switch error {
                case .syntax(let reason, let position):
                    #expect(reason == golden.error, "\(golden.text.debugDescription)")
                    #expect(position == golden.position, "\(golden.text.debugDescription)")
                case .numberTooLong: #expect(golden.refused == true)
                default: Issue.record("\(golden.text.debugDescription): \(error)")
                }
            }
        }
    }

    @Test("Nesting is bounded")
    func depth() throws {
        var limits = JSONLimits()
        limits.depth = 3
        #expect(throws: Never.self) { try JSONDocument.read(Array("[[[]]]".utf8), limits: limits) }
        #expect(throws: JSONError.tooDeep(limit: 3)) {
            try JSONDocument.read(Array(#"[[{"a":{}}]]"#.utf8), limits: limits)
        }
        #expect(throws: JSONError.tooDeep(limit: 128)) {
            try JSONDocument.read(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(throws: JSONError.tooDeep(limit: 128)) { try JSONDocument.read(Array(objects.utf8)) }
    }

    @Test("The number of values is bounded")
    func values() {
        var limits = JSONLimits()
        limits.values = 4
        #expect(throws: Never.self) { try JSONDocument.read(Array("[1,2,3]".utf8), limits: limits) }
        #expect(throws: JSONError.tooManyValues(limit: 4)) {
            try JSONDocument.read(Array("[1,2,3,4]".utf8), limits: limits)
        }
    }

    @Test(
        "What is not UTF-8 is refused",
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82],
            [0xF0, 0x80, 0x80, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
        ] as [[UInt8]]
    )
    func notUTF8(sequence: [UInt8]) {
        for padding in [0, 1, 7, 8, 9] {
            let spaces = Array(repeating: UInt8(ascii: " "), count: padding)
            let quoted = spaces + Array("\"".utf8) + sequence + Array("\"".utf8)
            #expect(throws: JSONError.notUTF8) { try JSONDocument.read(quoted) }
            #expect(throws: JSONError.notUTF8) { try JSONDocument.read(quoted + Array("        ".utf8)) }
        }
    }

    @Test("What Swift takes for UTF-8 is taken, and nothing else")
    func utf8() {
        var random = SplitMix(state: 7)
        var wrong: [[UInt8]] = []
        for _ in 0..<20_000 {
            let count = Int(random.next() % 12)
            let bytes = (0..<count).map { _ -> UInt8 in
                // Lead and continuation bytes, seldom plain ones.
                let byte = UInt8(truncatingIfNeeded: random.next())
                return random.next() % 3 == 0 ? byte : byte | 0x80
            }
            if UTF8Check.isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) {
                wrong.append(bytes)
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("A string is found whole at every length, with its end at every place of a word")
    func plainRuns() throws {
        for length in 0..<40 {
            for ending in ["\"", #"\n""#] {
                let text =
                    "\"" + String(repeating: "é", count: length / 2)
                    + String(repeating: "x", count: length % 2)
                guard case .string(let string) = try JSONDocument.read(Array((text + ending).utf8)) else {
                    Issue.record("not a string")
                    return
                }
                #expect(string.string == text.dropFirst() + (ending == "\"" ? "" : "\n"))
            }
        }
    }

    @Test("A string without escapes shares the text's memory")
    func sharing() throws {
        let text = Array(("\"" + String(repeating: "A", count: 10 << 20) + "\"").utf8)
        guard case .string(let string) = try JSONDocument.read(text) else {
            Issue.record("not a string")
            return
        }
        #expect(string.utf8.count == 10 << 20)
        let outside = text.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        let inside = string.utf8.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        #expect(inside == outside + 1)
    }

    @Test("The first name that is given again is noted with its places, among few members and among many")
    func repetition() throws {
        func repetition(_ text: String) throws -> [Int]? {
            let object = try #require(try JSONDocument.read(Array(text.utf8)).object)
            return object.firstRepetition.map { [$0.first, $0.place] }
        }
        #expect(try repetition(#"{"a":1,"b":2}"#) == nil)
        #expect(try repetition(#"{"a":1,"b":2,"c":3,"b":4,"a":5}"#) == [1, 3])
        let many = (0..<40).map { "\"n\($0)\":0" }.joined(separator: ",")
        #expect(try repetition("{\(many)}") == nil)
        #expect(try repetition("{\(many),\"n7\":1}") == [7, 40])
    }

    @Test("A name given twice keeps its first place and its last value, among few members and among many")
    func duplicates() throws {
        for count in [3, 40] {
            let members = (0..<count).map { #""k\#($0)":\#($0)"# } + [#""k1":"last""#, #""k0":true"#]
            let value = try JSONDocument.read(Array("{\(members.joined(separator: ","))}".utf8))
            guard case .object(let object) = value else {
                Issue.record("not an object")
                return
            }
            #expect(object.members.map(\.name.string) == (0..<count).map { "k\($0)" })
            #expect(object["k1"].map(canonical) == "s" + hexadecimal("last"))
            #expect(object["k0"].map(canonical) == "t")
            #expect(object["k2"].map(canonical) == "i2")
            #expect(object["absent"] == nil)
        }
    }

    @Test("Composed and decomposed letters are different names")
    func normalization() throws {
        guard case .object(let object) = try JSONDocument.read(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.count == 2)
        #expect(object["e\u{301}"].map(canonical) == "i2")
    }

    @Test("Damaged texts never crash the reader, and whole ones come back as they were written")
    func damage() throws {
        let seed = Array(
            #"{"image":[{"type":"base64","value":"aGk="},{"type":"url","value":"http:\/\/h"}],"n":[1,-2.5e3,NaN,true,null],"é":"😀\ud83d\ude00"}"#
                .utf8
        )
        var random = SplitMix(state: 42)
        var accepted = 0
        for _ in 0..<20_000 {
            var text = seed
            for _ in 0...(random.next() % 3) {
                let place = Int(random.next() % UInt64(text.count))
                switch random.next() % 4 {
                case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: text.remove(at: place)
                case 2: text.insert(text[Int(random.next() % UInt64(text.count))], at: place)
                default: text.removeSubrange(place...)
                }
                if text.isEmpty { text = [UInt8(ascii: "[")] }
            }
            if (try? JSONDocument.read(text)) != nil { accepted += 1 }
        }
        #expect(accepted > 100)
    }

    // MARK: The spelling of the goldens

    private func canonical(_ value: JSONValue) -> String {
        switch value {
        case .null: "n"
        case .boolean(let boolean): boolean ? "t" : "f"
        case .integer(let integer): "i\(integer)"
        case .largeInteger(let value): "I" + bits(value)
        case .real(let value): "d" + bits(value)
        case .string(let text): "s" + hexadecimal(text.string)
        case .array(let values): "[" + values.map(canonical).joined(separator: ",") + "]"
        case .object(let object):
            "{"
                + object.members.map { "s" + hexadecimal($0.name.string) + ":" + canonical($0.value) }
                .joined(separator: ",") + "}"
        }
    }

    private func bits(_ value: Double) -> String {
        let digits = String(value.bitPattern, radix: 16)
        return value.isNaN ? "nan" : String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func hexadecimal(_ text: String) -> String {
        text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A small generator, so that a failure can be run again.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
