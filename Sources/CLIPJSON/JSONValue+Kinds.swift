extension JSONValue {
    /// The object, if the value is one.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The elements, if the value is an array.
    public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The string, if the value is one.
    public var text: String? { if case .string(let text) = self { text.string } else { nil } }

    /// Whether the value is JSON's `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The number, written in any form, if the value is one.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .largeInteger(let number), .real(let number): number
        default: nil
        }
    }

    /// The number, if it has no fraction, such as 224 or 224.0, and fits into 64 bits.
    public var wholeNumber: Int? {
        if case .integer(let number) = self { number } else { number.flatMap { Int(exactly: $0) } }
    }

    /// The truth value that Python's `bool` gives.
    public var isTrue: Bool {
        switch self {
        case .null: false
        case .boolean(let flag): flag
        case .integer(let number): number != 0
        case .largeInteger(let number), .real(let number): number != 0
        case .string(let text): !text.utf8.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let object): !object.members.isEmpty
        }
    }
}
