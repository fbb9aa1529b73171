internal import Foundation

/// Reads settings from environment variables and collects what is wrong with them, so that all problems are told at once.
struct Environment {
    private let values: [String: String]
    /// One sentence for each value that could not be read.
    var problems: [String] = []

    /// Reads from the given variables, by default the process's own.
    init(_ values: [String: String] = ProcessInfo.processInfo.environment) {
        self.values = values
    }

    /// The first of the named variables that is set and not empty.
    func string(_ names: String...) -> String? {
        first(of: names)?.value
    }

    /// A whole number.
    mutating func integer(_ names: String...) -> Int? {
        guard let (name, value) = first(of: names) else { return nil }
        guard let number = Int(value) else {
            problems.append("\(name)='\(value)' is not a whole number.")
            return nil
        }
        return number
    }

    /// A number of seconds up to a day, fractions allowed, from an option if it is given.
    mutating func seconds(_ names: String..., given option: (name: String, value: String?)) -> Duration? {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let number = Double(value), (0...86_400).contains(number) else {
            problems.append("\(name)='\(value)' is not a number of seconds from 0 to 86400.")
            return nil
        }
        return .seconds(number)
    }

    /// A number of bytes, such as 512000000, 512MB (10^6) or 512MiB (2^20), from an option if it is given.
    mutating func bytes(_ names: String..., given option: (name: String, value: String?)) -> Int? {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        let digits = value.prefix { $0.isASCII && $0.isNumber }
        let units = [
            "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000, "g": 1_000_000_000,
            "gb": 1_000_000_000, "ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30,
            "gib": 1 << 30,
        ]
        guard let number = Int(digits), let unit = units[value.dropFirst(digits.count).lowercased()] else {
            problems.append("\(name)='\(value)' is not a number of bytes such as 512MB or 2GiB.")
            return nil
        }
        let (bytes, isTooMany) = number.multipliedReportingOverflow(by: unit)
        return isTooMany ? .max : bytes
    }

    /// The parts of a list that commas separate, blanks around them left out.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// A switch: true, 1, yes, on, or their opposites, in any case.
    mutating func bool(_ names: String...) -> Bool? {
        guard let (name, value) = first(of: names) else { return nil }
        switch value.lowercased() {
        case "true", "1", "yes", "on", "y", "t": return true
        case "false", "0", "no", "off", "n", "f": return false
        default:
            problems.append("\(name)='\(value)' is neither true nor false.")
            return nil
        }
    }

    /// One of an enumeration's values, from an option if it is given.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type,
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Choice? where Choice.RawValue == String {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let choice = Choice(rawValue: value.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("\(name)='\(value)' is not one of \(choices).")
            return nil
        }
        return choice
    }

    private func first(of names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = values[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }
}
