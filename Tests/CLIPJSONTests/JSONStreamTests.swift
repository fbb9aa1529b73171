import CLIPJSON
import CLIPTestSupport
import Testing

@Suite("Reading JSON as a stream")
struct JSONStreamTests {
    private enum Refusal: Error, Equatable {
        case fault(JSONFault.Expected, token: Int, offset: Int, stop: Int)
        case twice(String)
        case deliberate
    }

    private func stream(_ text: String, deepest: Int = 8) -> JSONStream<Refusal> {
        JSONStream(Array(text.utf8), deepest: deepest) {
            .fault($0.expected, token: $0.token, offset: $0.offset, stop: $0.stop)
        }
    }

    /// Passes over a whole text.
    private func skip(_ text: String, deepest: Int = 8) throws(Refusal) {
        var reader = stream(text, deepest: deepest)
        try reader.skip()
        try reader.finish()
    }

    @Test("Members and elements come in their order, and what nobody wants is passed over")
    func order() throws {
        var reader = stream(
            #" { "b" : [1, -2 ,3] , "é" : {"x":[[],{}]}, "a":"q\"\n","b":4.5e1,"e":{},"f":[ ] } "#
        )
        var found: [String] = []
        try reader.object { (reader, name) throws(Refusal) in
            let name = String(decoding: name, as: UTF8.self)
            if name == "é" {
                try reader.skip()
                found.append(name)
            } else if try reader.isNext("[") {
                var numbers: [Int] = []
                try reader.array { (reader) throws(Refusal) in numbers.append(try reader.integer()) }
                found.append("\(name)=\(numbers)")
            } else if try reader.isNext("\"") {
                found.append("\(name)=\(String(decoding: try reader.string(), as: UTF8.self))")
            } else if try reader.isNext("{") {
                try reader.object { (_, _) throws(Refusal) in throw .deliberate }
                found.append("\(name)={}")
            } else {
                found.append("\(name)=\(String(decoding: try reader.number(), as: UTF8.self))")
            }
        }
        try reader.finish()
        #expect(found == ["b=[1, -2, 3]", "é", "a=q\"\n", "b=4.5e1", "e={}", "f=[]"])
    }

    @Test("What the reader of a value throws comes out as it was thrown")
    func ownErrors() {
        #expect(throws: Refusal.deliberate) {
            var reader = stream(#"{"a":[1]}"#)
            try reader.object { (reader, _) throws(Refusal) in
                try reader.array { (_) throws(Refusal) in throw .deliberate }
            }
        }
    }

    @Test("Strings share the text's memory where they hold no escapes")
    func sharing() throws {
        let bytes = Array(#"["plain","esc\u0061ped"]"#.utf8)
        var reader = JSONStream<Refusal>(bytes, deepest: 1) { _ in .deliberate }
        var texts: [ArraySlice<UInt8>] = []
        try reader.array { (reader) throws(Refusal) in texts.append(try reader.text()) }
        #expect(texts.map { String(decoding: $0, as: UTF8.self) } == ["plain", "escaped"])
        let outside = bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        let inside = texts[0].withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        #expect(inside == outside + 2)
    }

    @Test(
        "Values that JSON does not have are refused, wherever they stand",
        arguments: [
            "", "nul", "truefalse", "NaN", "Infinity", "-Infinity", "nan", "+1", "01", "-01", "1.", ".5",
            "-.5", "1e",
            "1e+", "-", "0x1", "1-", "1a", "'a'", "\u{FEFF}1", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}", "{1:1}", "1 2", "[1]]", "\"\t\"", "\"a", #""\x""#, #""\ud800""#, #""\udc00""#,
            #""\ud800\u0041""#,
        ]
    )
    func refused(text: String) {
        #expect(throws: Refusal.self) { try skip(text) }
        #expect(throws: Refusal.self) { try skip("{\"a\":[0,\(text)]}") }
    }

    @Test(
        "Values that JSON has are passed over",
        arguments: [
            "0", "-0", "10", "-1.5e+3", "1E-2", "1e400", "true", "false", "null", "\"\"",
            #""\ud83d\ude00\/\b""#, "[]",
            "{}", "[[],{\"a\":{}}]", "\"é고😀\"", "123456789012345678901234567890",
        ]
    )
    func passed(text: String) throws {
        try skip(text)
        try skip(" [ \(text) ,\n\(text)\t]\r")
    }

    @Test(
        "A fault tells where the token begins, what is wrong in it, and how far was read",
        arguments: [
            (#""ab"#, .fault(.endOfString, token: 0, offset: 3, stop: 3)),
            (#""a\q""#, .fault(.escapedCharacter, token: 2, offset: 3, stop: 4)),
            (#""a\"#, .fault(.escapedCharacter, token: 2, offset: 3, stop: 3)),
            (#""\u12g4""#, .fault(.hexadecimalDigits, token: 1, offset: 5, stop: 3)),
            (#""\ud800\n""#, .fault(.surrogatePair, token: 1, offset: 8, stop: 7)),
            (#""\ud800\u0041""#, .fault(.surrogatePair, token: 1, offset: 13, stop: 13)),
            (#""\udc00""#, .fault(.surrogatePair, token: 1, offset: 7, stop: 7)),
            ("\"a\u{1}\"", .fault(.noControlCharacter, token: 0, offset: 2, stop: 2)),
            ("[1,nul]", .fault(.scalar, token: 3, offset: 3, stop: 6)),
            ("[1;2]", .fault(.byte(UInt8(ascii: "]")), token: 2, offset: 2, stop: 2)),
            ("1 x", .fault(.end, token: 2, offset: 2, stop: 2)),
        ] as [(String, Refusal)]
    )
    private func places(text: String, refusal: Refusal) {
        #expect(throws: refusal) { try skip(text) }
    }

    @Test(
        "Whole numbers are those of 64 bits, written plainly",
        arguments: [
            ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("0", 0), ("-0", 0),
            (" 42 ", 42),
        ]
    )
    func wholeNumbers(text: String, number: Int) throws {
        var reader = stream(text)
        #expect(try reader.integer() == number)
        try reader.finish()
        var counter = stream(text)
        if text.contains("-") {
            #expect(throws: Refusal.fault(.wholeNumber, token: 0, offset: 0, stop: 0)) { try counter.count() }
        } else {
            #expect(try counter.count() == number)
        }
    }

    @Test(
        "Other numbers are no whole numbers",
        arguments: [
            ("9223372036854775808", .fault(.smallerNumber, token: 0, offset: 18, stop: 19)),
            ("-9223372036854775809", .fault(.smallerNumber, token: 0, offset: 19, stop: 20)),
            ("99999999999999999999999", .fault(.smallerNumber, token: 0, offset: 18, stop: 23)),
            ("01", .fault(.noLeadingZeros, token: 0, offset: 0, stop: 2)),
            ("1.0", .fault(.wholeNumber, token: 0, offset: 1, stop: 1)),
            ("1e3", .fault(.wholeNumber, token: 0, offset: 1, stop: 1)),
            ("-", .fault(.wholeNumber, token: 0, offset: 0, stop: 1)),
            ("null", .fault(.wholeNumber, token: 0, offset: 0, stop: 0)),
        ] as [(String, Refusal)]
    )
    private func noWholeNumbers(text: String, refusal: Refusal) {
        #expect(throws: refusal) {
            var reader = stream(text)
            _ = try reader.integer()
        }
    }

    @Test("Numbers are handed over as they are written, and nothing may hang on them")
    func numbers() throws {
        for text in ["0", "-0.5", "1e400", "-12.25E+7"] {
            var reader = stream(text)
            #expect(String(decoding: try reader.number(), as: UTF8.self) == text)
        }
        for text in ["", "01", "1.", "-", "NaN", "1x", "\"1\""] {
            var reader = stream(text)
            #expect(throws: Refusal.self) { try reader.number() }
        }
    }

    @Test("Nesting is bounded, whether it is read or passed over")
    func depth() throws {
        try skip("[[{}]]", deepest: 3)
        let refusal = Refusal.fault(.shallower(limit: 3), token: 4, offset: 4, stop: 4)
        #expect(throws: refusal) { try skip("[[[ []]]]", deepest: 3) }
        #expect(throws: refusal) { try skip("{\"\":[[[]]]}".replacing("{\"\":", with: "[[ "), deepest: 3) }
        let endless = String(repeating: "[", count: 1_000_000)
        #expect(throws: Refusal.fault(.shallower(limit: 8), token: 8, offset: 8, stop: 8)) {
            try skip(endless)
        }
        func descend(_ reader: inout JSONStream<Refusal>) throws(Refusal) {
            try reader.array { (reader) throws(Refusal) in try descend(&reader) }
        }
        #expect(throws: Refusal.fault(.shallower(limit: 8), token: 8, offset: 8, stop: 8)) {
            var reader = stream(endless)
            try descend(&reader)
        }
        // What was closed does not count.
        try skip("[[],[],[],[],[{},{},{}]]", deepest: 3)
        var wide = stream("[[],{},[[]],[[]]]", deepest: 3)
        try wide.array { (reader) throws(Refusal) in try reader.skip() }
        try wide.finish()
    }

    @Test("Names are counted, bounded and there once, where that is asked for")
    func names() throws {
        func names(_ text: String) throws(Refusal) -> [String] {
            var reader = stream(text)
            var names: [String] = []
            try reader.object(once: JSONNameLimits(count: 3, length: 4), duplicate: { .twice($0) }) {
                (reader, name) throws(Refusal) in
                names.append(name)
                try reader.skip()
            }
            try reader.finish()
            return names
        }
        #expect(try names("{}") == [])
        #expect(try names(#"{"c":1,"a":2,"b":3}"#) == ["c", "a", "b"])
        #expect(throws: Refusal.twice("a")) { try names(#"{"a":1,"\u0061":2}"#) }
        #expect(throws: Refusal.twice("e\u{301}")) { try names("{\"\u{E9}\":1,\"e\u{301}\":2}") }
        #expect(throws: Refusal.fault(.fewerNames(limit: 3), token: 19, offset: 19, stop: 19)) {
            try names(#"{"c":1,"a":2,"b":3,"d":4}"#)
        }
        #expect(throws: Refusal.fault(.shorterName(limit: 4), token: 8, offset: 8, stop: 8)) {
            try names(#"{"abcde":1}"#)
        }
    }

    @Test("What the stream takes, the tree takes for the same, whatever is done to a text")
    func agreement() throws {
        let seed = Array(
            #"{"a":[{"b":"aGk=\n"},-2.5e3,17,true,null],"é":"\ud83d\ude00","n":[],"o":{"":0}}"#.utf8
        )
        var random = SplitMix(state: 11)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...(random.next() % 2) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = seed[Int(random.next() % UInt64(seed.count))]
                case 1: bytes.remove(at: place)
                default: bytes.insert(seed[Int(random.next() % UInt64(seed.count))], at: place)
                }
            }
            guard UTF8Check.isValid(bytes) else { continue }
            var skipped = JSONStream<Refusal>(bytes, deepest: 8) { _ in .deliberate }
            let isSkipped =
                (try? { () throws -> Bool in
                    try skipped.skip()
                    try skipped.finish()
                    return true
                }()) ?? false
            var read = JSONStream<Refusal>(bytes, deepest: 8) { _ in .deliberate }
            let spelling = try? { () -> String in
                let spelling = try spelled(&read)
                try read.finish()
                return spelling
            }()
            #expect(isSkipped == (spelling != nil), "\(String(decoding: bytes, as: UTF8.self))")
            guard let spelling else { continue }
            accepted += 1
            #expect(spelled(try JSONDocument.read(bytes)) == spelling)
        }
        #expect(accepted > 1_000)
    }

    /// A value in words, members given twice once, and zeros without a sign.
    private func spelled(_ reader: inout JSONStream<Refusal>) throws(Refusal) -> String {
        switch try reader.peek() {
        case UInt8(ascii: "{"):
            var members: [(name: String, value: String)] = []
            try reader.object { (reader, name) throws(Refusal) in
                let name = String(decoding: name, as: UTF8.self)
                let value = try spelled(&reader)
                if let place = members.firstIndex(where: { $0.name == name }) {
                    members[place].value = value
                } else {
                    members.append((name, value))
                }
            }
            return "{\(members.map { "\($0.name.debugDescription):\($0.value)" }.joined(separator: ","))}"
        case UInt8(ascii: "["):
            var elements: [String] = []
            try reader.array { (reader) throws(Refusal) in elements.append(try spelled(&reader)) }
            return "[\(elements.joined(separator: ","))]"
        case UInt8(ascii: "\""): return String(decoding: try reader.string(), as: UTF8.self).debugDescription
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            let isTrue = try reader.isNext("t")
            try reader.skip()
            return "\(isTrue)"
        case UInt8(ascii: "n"):
            try reader.skip()
            return "null"
        default: return "\((Double(String(decoding: try reader.number(), as: UTF8.self)) ?? .nan) + 0)"
        }
    }

    private func spelled(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(Double(number))"
        case .largeInteger(let number), .real(let number): "\(number + 0)"
        case .string(let text): text.string.debugDescription
        case .array(let values): "[\(values.map { spelled($0) }.joined(separator: ","))]"
        case .object(let object):
            "{"
                + object.members.map { "\($0.name.string.debugDescription):\(spelled($0.value))" }
                .joined(separator: ",") + "}"
        }
    }
}
