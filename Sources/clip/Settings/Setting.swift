internal import CLIPFiles
internal import Foundation

/// A setting as it is in force, and who said so.
package struct Setting: Equatable, Sendable {
    /// The flag; nil for what only variables set.
    package let flag: String?
    /// The variables that say the same, the first of which is set counting.
    package let variables: [String]
    /// What it is.
    package let value: SettingValue
    /// The flag or variable that said so, or another reason in words.
    package let origin: String

    /// What it is called in lists: the flag, or else the variable.
    package var name: String { flag ?? variables.first ?? "" }

    /// As a JSON object.
    var json: String {
        let names = variables.map(JSONText.string).joined(separator: ",")
        return
            "{\"flag\":\(flag.map(JSONText.string) ?? "null"),\"variables\":[\(names)],\"value\":\(value.json),"
            + "\"from\":\(JSONText.string(origin))}"
    }
}

/// What a setting can be.
package enum SettingValue: Equatable, Sendable {
    case number(Int)
    case seconds(Double)
    case text(String)
    case list([String])
    case isOn(Bool)
    /// It is set, and nobody is told to what: keys and tokens.
    case secret
    /// It is not set, and nothing stands in for it.
    case none

    /// A time; nil is none.
    init(_ time: Duration?) { self = time.map { .seconds($0 / .seconds(1)) } ?? .none }
    /// A number; nil is none.
    init(_ number: Int?) { self = number.map(SettingValue.number) ?? .none }
    /// A text; nil is none.
    init(_ text: String?) { self = text.map(SettingValue.text) ?? .none }
    /// A list; nil is none.
    init(_ list: [String]?) { self = list.map(SettingValue.list) ?? .none }

    /// For a person.
    var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .seconds(let seconds): "\(Self.plain(seconds)) s"
        case .text(let text): text.printable
        case .list(let list): list.isEmpty ? "none" : list.map(\.printable).joined(separator: ",")
        case .isOn(let isOn): isOn ? "on" : "off"
        case .secret: "set, and not shown"
        case .none: "not set"
        }
    }

    /// As a JSON value; a secret is the word "set".
    var json: String {
        switch self {
        case .number(let number): "\(number)"
        case .seconds(let seconds): Self.plain(seconds)
        case .text(let text): JSONText.string(text)
        case .list(let list): "[" + list.map(JSONText.string).joined(separator: ",") + "]"
        case .isOn(let isOn): "\(isOn)"
        case .secret: "\"set\""
        case .none: "null"
        }
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
}
