internal import CLIPEngine

/// What is wrong with the settings, and what the program ends with because of it.
extension Environment {
    /// Notes a problem that has a status of its own where nothing else is wrong.
    mutating func refuse(_ sentence: String, status: CommandStatus) {
        problems.append(sentence)
        statuses[sentence] = status
    }

    /// All that was noted.
    var settingProblems: [SettingProblem] {
        problems.map { SettingProblem($0, status: statuses[$0] ?? .unusableSetting) }
    }

    /// All that was noted, and what is wrong with an engine's configuration beside.
    func problems(of configuration: EngineConfiguration) -> [SettingProblem] {
        var configuration = configuration
        // Why there is no model has been told.
        if configuration.models.isEmpty, !problems.isEmpty {
            configuration.models = [ModelSource(name: BundledModel.name, directory: "")]
        }
        return settingProblems + configuration.validate().map { SettingProblem($0) }
    }

    /// - Throws: all that was noted, at once.
    func requireNoProblems() throws(CommandFailure) {
        if !problems.isEmpty { throw CommandFailure(settingProblems, self) }
    }

    /// - Throws: all that was noted, and what is wrong with an engine's configuration, at once.
    func requireNoProblems(of configuration: EngineConfiguration) throws(CommandFailure) {
        let problems = problems(of: configuration)
        if !problems.isEmpty { throw CommandFailure(problems, self) }
    }
}
