using Controller.Agent.Protocol;

namespace Controller.Agent.Ledger;

/// <summary>The results of the last operations, by id, so that a repeated one is answered and not done twice.</summary>
internal sealed class OperationLedger
{
    public const int Kept = 1000;
    private const string FileName = "operations";

    private readonly Lock _lock = new();
    private readonly LedgerFiles _files;
    private readonly FinishedOperations _finished; // oldest first

    public OperationLedger(LedgerFiles files)
    {
        _files = files;
        _finished = files.Read(FileName, FinishedOperations.Parser) ?? new FinishedOperations();
    }

    public OperationFinished? Find(string operationId)
    {
        lock (_lock) return _finished.Operations.LastOrDefault(operation => operation.OperationId == operationId)?.Clone();
    }

    public void Add(OperationFinished result)
    {
        lock (_lock)
        {
            _finished.Operations.Add(result.Clone());
            while (_finished.Operations.Count > Kept) _finished.Operations.RemoveAt(0);
            _files.Write(FileName, _finished);
        }
    }
}
