extension JSONValue {
    /// The value where it is an object.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The values where it is an array.
    public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The value where it is a string.
    public var text: String? { if case .string(let text) = self { text.string } else { nil } }
}
