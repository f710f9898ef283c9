namespace CachingProxy.HitRate.Policies;

/// <summary>Looks for the window's best share by trying: on while the hit rate rises, back when it falls (as Caffeine does).</summary>
internal sealed class HillClimber(double share)
{
    private const double FirstStep = 0.0625;
    private const double Decay = 0.98;
    private const double Restart = 0.05;
    private const double Least = 0.01;
    private const double Most = 0.8;

    private double _share = share;
    private double _step = FirstStep;
    private double _lastRate;
    private int _hits;
    private int _accesses;

    /// <summary>Answers the new share where it changes.</summary>
    public double? Note(bool isHit, int entries)
    {
        _hits += isHit ? 1 : 0;
        if (++_accesses < Math.Max(10 * entries, 1000))
        {
            return null;
        }

        var rate = (double)_hits / _accesses;
        var change = rate - _lastRate;
        (_lastRate, _hits, _accesses) = (rate, 0, 0);
        var direction = change >= 0 ? Math.Sign(_step) : -Math.Sign(_step);
        _step = direction * (Math.Abs(change) >= Restart ? FirstStep : Math.Abs(_step) * Decay);
        _share = Math.Clamp(_share + _step, Least, Most);
        return _share;
    }
}
