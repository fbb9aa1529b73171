internal import CLIPJSON

extension Parser {
    private struct Refusal: Error {
        let fault: JSONFault
    }

    /// Reads a text as a tree and as a stream, which have to agree.
    ///
    /// If the stream accepts a text, the tree has to accept it with the same value, and the stream has to skip exactly the
    /// texts that it can read.
    static func readJSON(_ bytes: [UInt8]) {
        var tree: JSONValue?
        do throws(JSONError) {
            tree = try JSONDocument.read(bytes)
        } catch {
            if case .syntax(_, let position) = error {
                precondition((0...bytes.count).contains(position), "An error lies outside of its text.")
            }
        }
        guard UTF8Check.isValid(bytes) else { return precondition(tree == nil, "A tree is not UTF-8.") }
        let read = streamed(bytes) { reader throws(Refusal) in try spelled(&reader) }
        let passed: Void? = streamed(bytes) { reader throws(Refusal) in try reader.skip() }
        precondition((read == nil) == (passed == nil), "What is passed over is not what is read.")
        guard let read else { return }
        guard let tree else { preconditionFailure("The stream takes what the tree refuses.") }
        precondition(read == spelled(tree), "The stream and the tree read different values.")
    }

    private static func streamed<Value>(
        _ bytes: [UInt8],
        _ value: (inout JSONStream<Refusal>) throws(Refusal) -> Value
    ) -> Value? {
        var reader = JSONStream(bytes, deepest: 32) { Refusal(fault: $0) }
        do throws(Refusal) {
            let value = try value(&reader)
            try reader.finish()
            return value
        } catch {
            let fault = error.fault
            precondition(
                fault.token <= fault.offset && max(fault.offset, fault.stop) <= bytes.count,
                "A fault lies outside of its text."
            )
            return nil
        }
    }

    /// Spells a value in bytes that differ for different values; a repeated member has its last value at its first
    /// place.
    private static func spelled(_ reader: inout JSONStream<Refusal>) throws(Refusal) -> [UInt8] {
        switch try reader.peek() {
        case UInt8(ascii: "{"):
            var members: [(name: [UInt8], value: [UInt8])] = []
            try reader.object { (reader, name) throws(Refusal) in
                let (name, value) = (Array(name), try spelled(&reader))
                if let place = members.firstIndex(where: { $0.name == name }) {
                    members[place].value = value
                } else {
                    members.append((name, value))
                }
            }
            return bracketed("{", members.flatMap { bracketed("s", $0.name) + $0.value })
        case UInt8(ascii: "["):
            var elements: [UInt8] = []
            try reader.array { (reader) throws(Refusal) in elements += try spelled(&reader) }
            return bracketed("[", elements)
        case UInt8(ascii: "\""): return bracketed("s", try reader.text())
        case let word where "tfn".utf8.contains(word):
            try reader.skip()
            return [word]
        default: return number(Double(String(decoding: try reader.number(), as: UTF8.self)))
        }
    }

    private static func spelled(_ value: JSONValue) -> [UInt8] {
        switch value {
        case .null: [UInt8(ascii: "n")]
        case .boolean(let flag): [UInt8(ascii: flag ? "t" : "f")]
        case .integer(let value): number(Double(value))
        case .largeInteger(let value), .real(let value): number(value)
        case .string(let text): bracketed("s", text.utf8)
        case .array(let values): bracketed("[", values.flatMap { spelled($0) })
        case .object(let object):
            bracketed("{", object.members.flatMap { bracketed("s", $0.name.utf8) + spelled($0.value) })
        }
    }

    private static func bracketed(_ kind: Unicode.Scalar, _ bytes: some Collection<UInt8>) -> [UInt8] {
        Array("\(kind)\(bytes.count) ".utf8) + bytes
    }

    /// Spells a number; a whole -0 has no sign, so here no zero has one.
    private static func number(_ value: Double?) -> [UInt8] {
        bracketed("d", Array("\((value ?? .nan) + 0)".utf8))
    }
}
