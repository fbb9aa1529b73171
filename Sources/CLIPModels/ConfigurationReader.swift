internal import CLIPJSON

/// A value of a configuration file.
indirect enum ConfigurationValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([ConfigurationValue])
    case object([String: ConfigurationValue])

    /// The value as errors show it, shortened whatever the file holds.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(String(value.prefix(60)))\""
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension ConfigurationValue {
    /// Takes a value as Python's libraries do, with all numbers as doubles.
    init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .null
            case .boolean(let flag): .bool(flag)
            case .integer(let number): .number(Double(number))
            case .largeInteger(let number), .real(let number): .number(number)
            case .string(let text): .string(text.string)
            case .array(let values): .list(values.map { ConfigurationValue($0) })
            case .object(let object): .object(Self.fields(of: object))
            }
    }

    static func fields(of object: JSONObject) -> [String: ConfigurationValue] {
        // Swift treats names that differ only in how Unicode composes them as equal; the last of them counts.
        Dictionary(
            object.members.map { ($0.name.string, ConfigurationValue($0.value)) },
            uniquingKeysWith: { $1 }
        )
    }
}

/// One object of a configuration file, read field by field; every error names the field in full.
struct ConfigurationReader {
    /// The names of the enclosing objects, each followed by a dot.
    let path: String
    private(set) var fields: [String: ConfigurationValue]

    /// Reads the outermost object of a file.
    init(json: [UInt8]) throws(ModelError) {
        guard case .object(let object)? = try? JSONDocument.read(json) else { throw .malformedConfiguration }
        self.init(path: "", fields: ConfigurationValue.fields(of: object))
    }

    private init(path: String, fields: [String: ConfigurationValue]) {
        self.path = path
        self.fields = fields
    }

    func fullName(_ key: String) -> String { path + key }

    /// The value of a field; nil if it is absent or null, which the libraries that write these files treat alike.
    func value(_ key: String) -> ConfigurationValue? {
        fields[key].flatMap { $0 == .null ? nil : $0 }
    }

    /// The object in a field; nil if it is absent.
    func object(_ key: String) throws(ModelError) -> ConfigurationReader? {
        guard let value = value(key) else { return nil }
        guard case .object(let fields) = value else {
            throw .invalidSetting(key: fullName(key), expected: "an object")
        }
        return ConfigurationReader(path: "\(path)\(key).", fields: fields)
    }

    /// The first of these objects that is present; if none is, an empty one with the last name, which has all defaults.
    func firstObject(_ key: String, _ others: String...) throws(ModelError) -> ConfigurationReader {
        for name in [key] + others {
            if let found = try object(name) { return found }
        }
        return ConfigurationReader(path: "\(path)\(others.last ?? key).", fields: [:])
    }

    /// A whole number within bounds; without a default it has to be present.
    func integer(
        _ key: String,
        default standard: Int? = nil,
        in bounds: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        guard let value = value(key) else {
            guard let standard else { throw .missingSetting(key: fullName(key)) }
            return standard
        }
        return try integer(value, key, in: bounds)
    }

    /// A whole number that may also be written as a list of one, such as `[49407]`.
    func single(
        _ key: String,
        default standard: Int,
        in bounds: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        guard case .list(let values)? = value(key) else {
            return try integer(key, default: standard, in: bounds)
        }
        guard values.count == 1 else {
            throw .invalidSetting(key: fullName(key), expected: "one number, not a list of \(values.count)")
        }
        return try integer(values[0], key, in: bounds)
    }

    /// A length that may also be written as a pair of equal lengths, such as `[224, 224]`.
    func side(_ key: String, default standard: Int, in bounds: ClosedRange<Int>) throws(ModelError) -> Int {
        guard case .list(let sides)? = value(key) else {
            return try integer(key, default: standard, in: bounds)
        }
        guard sides.count == 2, sides[0] == sides[1] else {
            throw .invalidSetting(key: fullName(key), expected: "a number, or a pair of equal ones")
        }
        return try integer(sides[0], key, in: bounds)
    }

    private func integer(
        _ value: ConfigurationValue,
        _ key: String,
        in bounds: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        guard case .number(let number) = value, let whole = Int(exactly: number), bounds.contains(whole)
        else {
            let expected = "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
            throw .invalidSetting(key: fullName(key), expected: expected)
        }
        return whole
    }

    /// A finite number above zero and at most `limit`.
    func positive(_ key: String, default standard: Double, limit: Double) throws(ModelError) -> Double {
        guard let value = value(key) else { return standard }
        guard case .number(let number) = value, number > 0, number <= limit else {
            throw .invalidSetting(key: fullName(key), expected: "a number above 0, at most \(limit)")
        }
        return number
    }

    func string(_ key: String, default standard: String) throws(ModelError) -> String {
        guard let value = value(key) else { return standard }
        guard case .string(let string) = value else {
            throw .invalidSetting(key: fullName(key), expected: "a string")
        }
        return string
    }

    /// A string that is present and not empty.
    func name(_ key: String) throws(ModelError) -> String? {
        let name = try string(key, default: "")
        return name.isEmpty ? nil : name
    }

    func bool(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
        guard let value = value(key) else { return standard }
        switch value {
        case .bool(let bool): return bool
        // Python treats these numbers as truth values.
        case .number(0): return false
        case .number(1): return true
        default: throw .invalidSetting(key: fullName(key), expected: "true or false")
        }
    }

    /// Refuses a setting that is present with any other value than the only supported one.
    func require(_ key: String, toBe only: ConfigurationValue) throws(ModelError) {
        guard let value = value(key), value != only else { return }
        if case .bool(let flag) = only, value == .number(flag ? 1 : 0) { return }  // the same to Python
        throw .unsupportedSetting(key: fullName(key), value: value.description)
    }

    /// Refuses any setting that is not in `known`, because it may change the network in an unknown way.
    func requireOnly(_ known: Set<String>) throws(ModelError) {
        for key in fields.keys.sorted() where !known.contains(key) && value(key) != nil {
            throw .unsupportedSetting(key: fullName(key), value: value(key)?.description ?? "null")
        }
    }
}
