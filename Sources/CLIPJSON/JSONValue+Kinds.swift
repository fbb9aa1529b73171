extension JSONValue {
    /// The value where it is an object.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The values where it is an array.
    public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The value where it is a string.
    public var text: String? { if case .string(let text) = self { text.string } else { nil } }

    /// Whether there is a value, but none in it.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The value where it is a number of any form.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .largeInteger(let number), .real(let number): number
        default: nil
        }
    }

    /// The value where it is a number without a fraction, such as 224 or 224.0, that fits into 64 bits.
    public var wholeNumber: Int? {
        if case .integer(let number) = self { number } else { number.flatMap { Int(exactly: $0) } }
    }

    /// What Python's `bool` makes of it.
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
