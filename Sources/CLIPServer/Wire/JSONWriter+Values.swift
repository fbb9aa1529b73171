internal import CLIPJSON

extension JSONWriter {
    /// Writes a value that was read.
    ///
    /// - Parameter text: writes a string; by default the string itself.
    mutating func value(_ value: JSONValue, text: (String, inout JSONWriter) -> Void = { $1.string($0) }) {
        switch value {
        case .null: null()
        case .boolean(let flag): boolean(flag)
        case .integer(let number): integer(number)
        case .largeInteger(let number), .real(let number): self.number(number)
        case .string(let string): text(string.string, &self)
        case .array(let elements):
            array { writer in
                for element in elements { writer.value(element, text: text) }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members {
                    writer.member(member.name.string) { $0.value(member.value, text: text) }
                }
            }
        }
    }
}
