/// Reads each setting in one call: from its flag, else from its variables, else from the configuration's default; the
/// effective value is noted.
extension Environment {
    /// A whole number.
    package mutating func fill(_ target: inout Int, _ flag: String, _ option: Int?, _ variables: String...) {
        let told = told(flag, option) ?? integer(of: variables)
        if let told { target = told.value }
        note(flag, variables, .number(target), by: told?.name)
    }

    /// A whole number that may be unset.
    package mutating func fill(_ target: inout Int?, _ flag: String, _ option: Int?, _ variables: String...) {
        let told = told(flag, option) ?? integer(of: variables)
        if let told { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// A port.
    package mutating func fill(port target: inout Int, _ flag: String, _ option: Int?, _ variables: String...)
    {
        let told = told(flag, option) ?? port(of: variables)
        if let told { target = told.value }
        note(flag, variables, .number(target), by: told?.name)
    }

    /// A port that may be unset.
    package mutating func fill(
        port target: inout Int?,
        _ flag: String,
        _ option: Int?,
        _ variables: String...
    ) {
        let told = told(flag, option) ?? port(of: variables)
        if let told { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// A host to listen on; `isUsable` is only asked for variables that other programs set, too.
    package mutating func fill(
        host target: inout String,
        _ flag: String,
        _ option: String?,
        _ variables: String...,
        isUsable: (String) -> Bool
    ) {
        let told = told(flag, option) ?? host(of: variables, isUsable: isUsable)
        if let told { target = told.value }
        note(flag, variables, .text(target), by: told?.name)
    }

    /// A text or path.
    package mutating func fill(
        _ target: inout String?,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = told(flag, option) ?? first(of: variables).map { Told(name: $0.name, value: $0.value) }
        if let told { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// A switch.
    ///
    /// - Parameter opposite: a variable with the opposite meaning.
    package mutating func fill(
        _ target: inout Bool,
        _ flag: String,
        _ option: Bool?,
        _ variables: String...,
        opposite: String? = nil
    ) {
        var told = told(flag, option) ?? bool(of: variables)
        if told == nil, let opposite {
            told = bool(of: [opposite]).map { Told(name: $0.name, value: !$0.value) }
        }
        if let told { target = told.value }
        note(flag, variables + (opposite.map { [$0] } ?? []), .isOn(target), by: told?.name)
    }

    /// A time in seconds.
    package mutating func fill(
        seconds target: inout Duration,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = seconds(of: variables, given: (flag, option))
        if let told { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// A number of bytes, with or without a unit.
    package mutating func fill(
        bytes target: inout Int,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = bytes(of: variables, given: (flag, option))
        if let told { target = told.value }
        note(flag, variables, .number(target), by: told?.name)
    }

    /// A number of bytes that may be unset.
    package mutating func fill(
        bytes target: inout Int?,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = bytes(of: variables, given: (flag, option))
        if let told { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// A list; an empty one is a problem and changes nothing.
    package mutating func fill(
        _ target: inout [String],
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = list(of: variables, given: (flag, option))
        if let told, !told.value.isEmpty { target = told.value }
        note(flag, variables, .list(target), by: told?.name)
    }

    /// A list that may be unset.
    package mutating func fill(
        _ target: inout [String]?,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) {
        let told = list(of: variables, given: (flag, option))
        if let told, !told.value.isEmpty { target = told.value }
        note(flag, variables, SettingValue(target), by: told?.name)
    }

    /// One of an enumeration's values.
    package mutating func fill<Choice: RawRepresentable & CaseIterable>(
        _ target: inout Choice,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) where Choice.RawValue == String {
        let told = choice(of: Choice.self, variables, given: (flag, option))
        if let told { target = told.value }
        note(flag, variables, .text(target.rawValue), by: told?.name)
    }

    /// A log level.
    package mutating func fill<Level: RawRepresentable & CaseIterable>(
        level target: inout Level,
        _ flag: String,
        _ option: String?,
        _ variables: String...
    ) where Level.RawValue == String {
        let told = logLevel(of: Level.self, variables, given: (flag, option))
        if let told { target = told.value }
        note(flag, variables, .text(target.rawValue), by: told?.name)
    }

    /// The sentence with the variable beside each flag that has one, so that a reader knows both ways to change the
    /// setting.
    ///
    /// Only settings that the command has read are known; the flags of other commands stay as they are.
    package func naming(_ sentence: String) -> String {
        var sentence = sentence
        for setting in settings {
            guard let flag = setting.flag, let first = setting.variables.first,
                !setting.variables.contains(where: sentence.contains),
                let place = Self.place(of: flag, in: sentence)
            else { continue }
            // The variable that was used, if one was.
            let variable = setting.variables.contains(setting.origin) ? setting.origin : first
            // A flag that is already in brackets gets no second pair.
            let isInBrackets = sentence[place...].hasPrefix(")")
            sentence.insert(contentsOf: isInBrackets ? ", \(variable)" : " (\(variable))", at: place)
        }
        return sentence
    }

    /// The end of a flag that is named by itself: it is not the beginning of a longer one, and no value follows it, as
    /// in a command line.
    private static func place(of flag: String, in sentence: String) -> String.Index? {
        var rest = sentence[...]
        while let found = rest.firstRange(of: flag) {
            rest = rest[found.upperBound...]
            let isWhole = rest.first.map { !$0.isLetter && !"-=_".contains($0) } ?? true
            if isWhole, !rest.hasPrefix(" NAME=") { return found.upperBound }
        }
        return nil
    }

    private func told<Value>(_ flag: String, _ option: Value?) -> Told<Value>? {
        option.map { Told(name: flag, value: $0) }
    }
}
