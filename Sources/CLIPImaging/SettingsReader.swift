internal import CLIPJSON

/// One object of a configuration file, read field by field; errors name a field of the wrong kind in full.
///
/// Python's libraries treat null as absent, and so do all readers here except `isNull`.
struct SettingsReader {
    /// The names of the enclosing objects, each followed by a dot.
    private let path: String
    private let object: JSONObject

    /// Reads the outermost object of a file.
    init(json: [UInt8]) throws(ImagingError) {
        guard let object = (try? JSONDocument.read(json))?.object else {
            throw .malformedConfiguration(name: nil)
        }
        self.init(path: "", object: object)
    }

    private init(path: String, object: JSONObject) {
        (self.path, self.object) = (path, object)
    }

    /// Whether the field is present, even as null.
    func contains(_ name: String) -> Bool { object[name] != nil }

    func isNull(_ name: String) -> Bool {
        object[name]?.isNull == true
    }

    /// The object in a field.
    func object(_ name: String) throws(ImagingError) -> SettingsReader? {
        guard let found = try read(name, \.object) else { return nil }
        return SettingsReader(path: "\(path)\(name).", object: found)
    }

    func text(_ name: String) throws(ImagingError) -> String? { try read(name, \.text) }

    func integer(_ name: String) throws(ImagingError) -> Int? { try read(name, \.wholeNumber) }

    func number(_ name: String) throws(ImagingError) -> Double? { try read(name, \.number) }

    /// A boolean, or 1 or 0, which Python treats alike.
    func flag(_ name: String) throws(ImagingError) -> Bool? {
        try read(name) { value in
            switch value {
            case .boolean(let flag): flag
            case .integer(0): false
            case .integer(1): true
            default: nil
            }
        }
    }

    /// A list of numbers, or a single number.
    func numbers(_ name: String) throws(ImagingError) -> OneOrMore<Float>? {
        try read(name) { value in
            if let one = value.number { return .one(Float(one)) }
            return value.elements.flatMap { values in
                let numbers = values.compactMap(\.number)
                return numbers.count == values.count ? .more(numbers.map { Float($0) }) : nil
            }
        }
    }

    /// A list of whole numbers, or a single one.
    func integers(_ name: String) throws(ImagingError) -> OneOrMore<Int>? {
        try read(name, Self.integers)
    }

    /// A size as transformers writes it: a number, a height and a width, or an object that names its edges.
    func lengths(_ name: String) throws(ImagingError) -> SideLengths? {
        switch object[name] {
        case .object?:
            guard let edges = try object(name) else { return nil }
            return SideLengths(
                shortestEdge: try edges.integer("shortest_edge"),
                longestEdge: try edges.integer("longest_edge"),
                height: try edges.integer("height"),
                width: try edges.integer("width")
            )
        default:
            return try read(name) { value in
                switch Self.integers(value) {
                case .one(let side): SideLengths(single: side)
                case .more(let sides) where sides.count == 2: SideLengths(height: sides[0], width: sides[1])
                default: nil
                }
            }
        }
    }

    private static func integers(_ value: JSONValue) -> OneOrMore<Int>? {
        if let one = value.wholeNumber { return .one(one) }
        return value.elements.flatMap { values in
            let numbers = values.compactMap(\.wholeNumber)
            return numbers.count == values.count ? .more(numbers) : nil
        }
    }

    private func read<Value>(
        _ name: String,
        _ kind: (JSONValue) -> Value?
    ) throws(ImagingError) -> Value? {
        guard let value = object[name], !isNull(name) else { return nil }
        guard let read = kind(value) else { throw .malformedConfiguration(name: path + name) }
        return read
    }
}

/// Several values, or one that stands for all of them.
enum OneOrMore<Value> {
    case one(Value)
    case more([Value])

    /// The values; a single one is repeated `count` times.
    func values(_ count: Int) -> [Value] {
        switch self {
        case .one(let value): Array(repeating: value, count: count)
        case .more(let values): values
        }
    }
}

/// A size as transformers writes it.
struct SideLengths {
    /// The number, if the size is a single one.
    var single: Int?
    var shortestEdge, longestEdge, height, width: Int?
}
