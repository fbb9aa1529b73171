import CLIPServer
import CLIPTestSupport
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Numbers are spelled as the real server spells them")
    func numbers() throws {
        let goldens = try Fixture.decode([[String]].self, from: "wire/numbers.json")
        #expect(goldens.count > 4000)
        let wrong = goldens.filter { golden in
            UInt64(golden[0], radix: 16).map { bits in written { $0.number(Double(bitPattern: bits)) } }
                != golden[1]
        }
        #expect(wrong.isEmpty)
    }

    @Test("A float is written as the double that it is")
    func floats() {
        #expect(written { $0.number(Float(-1.3325552)) } == "-1.3325551748275757")
        #expect(written { $0.number(Float(0.1)) } == "0.10000000149011612")
        #expect(written { $0.number(Float.nan) } == "null")
    }

    @Test("Commas stand between elements and members, and nowhere else")
    func structure() {
        let text = written { writer in
            writer.object { writer in
                writer.member("a") { $0.array { _ in } }
                writer.member("b") { writer in
                    writer.array { writer in
                        writer.integer(1)
                        writer.array { $0.null() }
                        writer.object { $0.member("c", "d") }
                        writer.boolean(true)
                        writer.boolean(false)
                    }
                }
                writer.nullMembers("e", "f")
            }
        }
        #expect(text == #"{"a":[],"b":[1,[null],{"c":"d"},true,false],"e":null,"f":null}"#)
    }

    @Test("Text is escaped as Python escapes it")
    func escapes() {
        let text = written { $0.string("\"\\/\u{8}\t\n\u{C}\r\u{0}\u{1F}\u{7F}é한😀\u{2028}") }
        #expect(text == "\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u{7F}é한😀\u{2028}\"")
    }
}
